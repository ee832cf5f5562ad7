//! Certificates and keys, and the files that they are from.

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

/// A file, when it was last modified and how long it was; without the latter it could not be looked at.
type Stamp = (PathBuf, Option<(SystemTime, u64)>);

/// CAs of one source.
#[derive(Clone)]
pub(super) struct Authorities {
    source: Source,
    stamps: Vec<Stamp>,
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
        let stamps = vec![stamp(&path)];
        let certificates = authorities(&read(&path)?, &path.display())?;
        if certificates.is_empty() {
            return Err(TlsError::new(format!("{} has no certificate in PEM form", path.display())));
        }
        Ok(Self { source: Source::File(path), stamps, certificates })
    }

    pub(super) fn directory(path: PathBuf) -> Result<Self, TlsError> {
        let files = files_below(&path)?;
        let stamps = files.iter().map(|file| stamp(file)).collect();
        let mut certificates = Vec::new();
        for file in &files {
            certificates.extend(authorities(&read(file)?, &file.display())?);
        }
        if certificates.is_empty() {
            let problem = format!("{} has no file with a certificate in PEM form", path.display());
            return Err(TlsError::new(problem));
        }
        Ok(Self { source: Source::Directory(path), stamps, certificates })
    }

    pub(super) fn pem(pem: &[u8]) -> Result<Self, TlsError> {
        let certificates = authorities(pem, &"the CA")?;
        if certificates.is_empty() {
            return Err(TlsError::new("the CA is not a certificate in PEM form"));
        }
        Ok(Self { source: Source::Memory, stamps: Vec::new(), certificates })
    }

    pub(super) fn reread(&self) -> Result<Self, TlsError> {
        match &self.source {
            Source::File(path) => Self::file(path.clone()),
            Source::Directory(path) => Self::directory(path.clone()),
            Source::Memory => Ok(self.clone()),
        }
    }

    pub(super) fn has_files(&self) -> bool {
        !matches!(self.source, Source::Memory)
    }

    pub(super) fn is_stale(&self) -> bool {
        match &self.source {
            Source::Directory(path) => {
                let files = files_below(path).unwrap_or_default();
                !files.iter().eq(self.stamps.iter().map(|(file, _)| file)) || is_stale(&self.stamps)
            }
            Source::File(_) | Source::Memory => is_stale(&self.stamps),
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
    stamps: Vec<Stamp>,
    pub(super) key: Arc<CertifiedKey>,
}

impl Identity {
    pub(super) fn files(
        certificate: PathBuf,
        key: PathBuf,
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let stamps = vec![stamp(&certificate), stamp(&key)];
        let chain = chain(&read(&certificate)?, &certificate.display())?;
        let private = private_key(&read(&key)?, &key.display())?;
        let names = format!("{} and {}", certificate.display(), key.display());
        let certified = certified(chain, private, provider, &names)?;
        Ok(Self { files: Some((certificate, key)), stamps, key: certified })
    }

    pub(super) fn pem(certificate: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<Self, TlsError> {
        let chain = chain(certificate, &"the client certificate")?;
        let private = private_key(key, &"the client key")?;
        let key = certified(chain, private, provider, "the client certificate and key")?;
        Ok(Self { files: None, stamps: Vec::new(), key })
    }

    pub(super) fn reread(&self, provider: &CryptoProvider) -> Result<Self, TlsError> {
        match &self.files {
            Some((certificate, key)) => Self::files(certificate.clone(), key.clone(), provider),
            None => Ok(self.clone()),
        }
    }

    pub(super) fn has_files(&self) -> bool {
        self.files.is_some()
    }

    pub(super) fn is_stale(&self) -> bool {
        is_stale(&self.stamps)
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

fn stamp(path: &Path) -> Stamp {
    let seen = fs::metadata(path).and_then(|data| Ok((data.modified()?, data.len())));
    (path.to_owned(), seen.ok())
}

fn is_stale(stamps: &[Stamp]) -> bool {
    stamps.iter().any(|known| stamp(&known.0) != *known)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    // Opening a pipe would hang.
    let is_file = fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_file();
    if !is_file {
        return Err(TlsError::new(format!("{} cannot be read: it is not a regular file", path.display())));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> TlsError {
    TlsError::new(format!("{} cannot be read: {error}", path.display()))
}

/// In an order that stays the same.
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

/// The certificates of a text, which may have other things between them.
fn certificates(pem: &[u8], name: &dyn fmt::Display) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    certificates.map_err(|error| TlsError::new(format!("{name} is not in PEM form: {error}")))
}

fn authorities(pem: &[u8], name: &dyn fmt::Display) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = certificates(pem, name)?;
    for certificate in &certificates {
        RootCertStore::empty().add(certificate.clone()).map_err(|error| {
            TlsError::new(format!("{name} has a certificate that cannot be used: {error}"))
        })?;
    }
    Ok(certificates)
}

fn chain(pem: &[u8], name: &dyn fmt::Display) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = certificates(pem, name)?;
    if chain.is_empty() {
        return Err(TlsError::new(format!("{name} has no certificate in PEM form")));
    }
    Ok(chain)
}

fn private_key(pem: &[u8], name: &dyn fmt::Display) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        TlsError::new(match error {
            PemError::NoItemsFound => format!("{name} has no private key in PEM form that is not encrypted"),
            // What the error says could be a piece of the key.
            _ => format!("{name} is not in PEM form"),
        })
    })
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
    names: &str,
) -> Result<Arc<CertifiedKey>, TlsError> {
    let problem = |error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError::new(format!("{names} do not belong together")),
        error => TlsError::new(format!("{names} cannot be used: {error}")),
    };
    CertifiedKey::from_der(chain, key, provider).map(Arc::new).map_err(problem)
}
