//! Certificates and keys, with the files they were loaded from.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::TlsError;

/// A file with its modification time and length, which are `None` if they could not be read.
type Fingerprint = (PathBuf, Option<(SystemTime, u64)>);

/// The CAs from one source.
#[derive(Clone)]
pub(super) struct Authorities {
    source: Source,
    fingerprints: Vec<Fingerprint>,
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

#[derive(Clone)]
enum Source {
    File(PathBuf),
    Directory(PathBuf),
    Memory,
}

impl Authorities {
    pub(super) fn file(path: PathBuf) -> Result<Self, TlsError> {
        let fingerprints = vec![fingerprint(&path)];
        let certificates = parse_authorities(&read_regular_file(&path)?, &path.display())?;
        if certificates.is_empty() {
            return Err(TlsError::new(format!("{} has no certificate in PEM form", path.display())));
        }
        Ok(Self { source: Source::File(path), fingerprints, certificates })
    }

    pub(super) fn directory(path: PathBuf) -> Result<Self, TlsError> {
        let files = files_below(&path)?;
        let fingerprints = files.iter().map(|file| fingerprint(file)).collect();
        let mut certificates = Vec::new();
        for file in &files {
            certificates.extend(parse_authorities(&read_regular_file(file)?, &file.display())?);
        }
        if certificates.is_empty() {
            let problem = format!("{} has no file with a certificate in PEM form", path.display());
            return Err(TlsError::new(problem));
        }
        Ok(Self { source: Source::Directory(path), fingerprints, certificates })
    }

    pub(super) fn pem(pem: &[u8]) -> Result<Self, TlsError> {
        let certificates = parse_authorities(pem, &"the CA")?;
        if certificates.is_empty() {
            return Err(TlsError::new("the CA is not a certificate in PEM form"));
        }
        Ok(Self { source: Source::Memory, fingerprints: Vec::new(), certificates })
    }

    pub(super) fn reload(&self) -> Result<Self, TlsError> {
        match &self.source {
            Source::File(path) => Self::file(path.clone()),
            Source::Directory(path) => Self::directory(path.clone()),
            Source::Memory => Ok(self.clone()),
        }
    }

    pub(super) fn has_files(&self) -> bool {
        !matches!(self.source, Source::Memory)
    }

    pub(super) fn has_changed(&self) -> bool {
        match &self.source {
            Source::Directory(path) => {
                let files = files_below(path).unwrap_or_default();
                !files.iter().eq(self.fingerprints.iter().map(|(file, _)| file))
                    || has_changed(&self.fingerprints)
            }
            Source::File(_) | Source::Memory => has_changed(&self.fingerprints),
        }
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) | Source::Directory(path) => path.fmt(f),
            Source::Memory => f.write_str("(in memory)"),
        }
    }
}

/// A client certificate with its key.
#[derive(Clone)]
pub(super) struct Identity {
    files: Option<(PathBuf, PathBuf)>,
    fingerprints: Vec<Fingerprint>,
    pub(super) key: Arc<CertifiedKey>,
}

impl Identity {
    pub(super) fn files(
        certificate: PathBuf,
        key: PathBuf,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let fingerprints = vec![fingerprint(&certificate), fingerprint(&key)];
        let chain = parse_chain(&read_regular_file(&certificate)?, &certificate.display())?;
        let private = parse_private_key(&read_regular_file(&key)?, &key.display())?;
        let names = format!("{} and {}", certificate.display(), key.display());
        let certified_key = certified_key(chain, private, provider, &names)?;
        Ok(Self { files: Some((certificate, key)), fingerprints, key: certified_key })
    }

    pub(super) fn pem(certificate: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<Self, TlsError> {
        let chain = parse_chain(certificate, &"the client certificate")?;
        let private = parse_private_key(key, &"the client key")?;
        let key = certified_key(chain, private, provider, "the client certificate and key")?;
        Ok(Self { files: None, fingerprints: Vec::new(), key })
    }

    pub(super) fn reload(&self, provider: &CryptoProvider) -> Result<Self, TlsError> {
        match &self.files {
            Some((certificate, key)) => Self::files(certificate.clone(), key.clone(), provider),
            None => Ok(self.clone()),
        }
    }

    pub(super) fn has_files(&self) -> bool {
        self.files.is_some()
    }

    pub(super) fn has_changed(&self) -> bool {
        has_changed(&self.fingerprints)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.files {
            Some(files) => files.fmt(f),
            None => f.write_str("(in memory)"),
        }
    }
}

fn fingerprint(path: &Path) -> Fingerprint {
    let seen = fs::metadata(path).and_then(|data| Ok((data.modified()?, data.len())));
    (path.to_owned(), seen.ok())
}

fn has_changed(fingerprints: &[Fingerprint]) -> bool {
    fingerprints.iter().any(|known| fingerprint(&known.0) != *known)
}

fn read_regular_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    // Opening a named pipe would block.
    let is_file = fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_file();
    if !is_file {
        return Err(TlsError::new(format!("{} cannot be read: it is not a regular file", path.display())));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> TlsError {
    TlsError::new(format!("{} cannot be read: {error}", path.display()))
}

/// Lists the files in a stable order.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, TlsError> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(|error| unreadable(directory, &error))?;
    entries.sort_by_key(fs::DirEntry::path);
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
        if kind.is_dir() {
            files.extend(files_below(&path)?);
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

/// Parses the certificates of a PEM text and skips other sections.
fn parse_certificates(pem: &[u8], name: &dyn fmt::Display) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    certificates.map_err(|error| TlsError::new(format!("{name} is not in PEM form: {error}")))
}

fn parse_authorities(pem: &[u8], name: &dyn fmt::Display) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = parse_certificates(pem, name)?;
    for certificate in &certificates {
        RootCertStore::empty().add(certificate.clone()).map_err(|error| {
            TlsError::new(format!("{name} has a certificate that cannot be used: {error}"))
        })?;
    }
    Ok(certificates)
}

fn parse_chain(pem: &[u8], name: &dyn fmt::Display) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = parse_certificates(pem, name)?;
    if chain.is_empty() {
        return Err(TlsError::new(format!("{name} has no certificate in PEM form")));
    }
    Ok(chain)
}

fn parse_private_key(pem: &[u8], name: &dyn fmt::Display) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        TlsError::new(match error {
            PemError::NoItemsFound => format!("{name} has no private key in PEM form, or it is encrypted"),
            // The error's message could contain a piece of the key.
            _ => format!("{name} is not in PEM form"),
        })
    })
}

fn certified_key(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
    names: &str,
) -> Result<Arc<CertifiedKey>, TlsError> {
    let problem = |error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError::new(format!("{names} do not match")),
        error => TlsError::new(format!("{names} cannot be used: {error}")),
    };
    CertifiedKey::from_der(chain, key, provider).map(Arc::new).map_err(problem)
}
