use identity_core::error::RequestError;
use identity_hyper::{Tls, TlsError};

use super::variables::{Variables, invalid};

type SetTls = fn(Tls, String) -> Result<Tls, TlsError>;
type SetClientCert = fn(Tls, String, String) -> Result<Tls, TlsError>;

/// Returns the TLS settings. If any CA is set, the CAs of the system are not trusted.
pub(super) fn tls(variables: &Variables<'_>) -> Result<Tls, RequestError> {
    let mut tls = Tls::new();
    let settings: [(&str, SetTls); 4] = [
        ("CACERT", |tls, file| tls.ca_file(file)),
        ("CACERT_BYTES", |tls, pem| tls.ca_pem(pem)),
        ("CAPATH", |tls, directory| tls.ca_dir(directory)),
        ("TLS_SERVER_NAME", |tls, name| tls.server_name(&name)),
    ];
    for (name, set) in settings {
        let changed = variables.read(name, |value| {
            set(tls.clone(), require_no_pem(name, value)?).map_err(|error| unusable(&error))
        })?;
        tls = changed.unwrap_or(tls);
    }
    // Set first, because files take precedence over PEM text.
    tls = client_cert(variables, tls, "CLIENT_CERT_BYTES", "CLIENT_KEY_BYTES", |tls, pem, key| {
        tls.client_cert_pem(pem, key)
    })?;
    tls = client_cert(variables, tls, "CLIENT_CERT", "CLIENT_KEY", Tls::client_cert_files)?;
    Ok(if variables.flag("SKIP_VERIFY")? { tls.danger_accept_invalid_certs() } else { tls })
}

/// Sets the client certificate and its key. Each requires the other.
fn client_cert(
    variables: &Variables<'_>,
    tls: Tls,
    cert_name: &str,
    key_name: &str,
    set: SetClientCert,
) -> Result<Tls, RequestError> {
    let key = variables.read(key_name, |key| require_no_pem(key_name, key))?;
    let with_cert = variables.read(cert_name, |certificate| {
        let key = key.clone().ok_or_else(|| invalid("requires its key as well"))?;
        set(tls.clone(), require_no_pem(cert_name, certificate)?, key).map_err(|error| unusable(&error))
    })?;
    if with_cert.is_none() && key.is_some() {
        variables.read(key_name, |_| Err::<(), _>(invalid("requires its certificate as well")))?;
    }
    Ok(with_cert.unwrap_or(tls))
}

/// Rejects PEM text instead of a file name, because errors show file names.
fn require_no_pem(name: &str, value: String) -> Result<String, RequestError> {
    if !name.ends_with("_BYTES") && value.contains("-----BEGIN") {
        return Err(invalid("must be a file name; PEM text belongs in the variable that ends in `_BYTES`"));
    }
    Ok(value)
}

fn unusable(error: &TlsError) -> RequestError {
    RequestError::new("", format!("cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use rcgen::{CertificateParams, KeyPair};
    use tempfile::TempDir;

    use super::*;

    /// A certificate and its key, in PEM form and in files.
    struct Pair {
        directory: TempDir,
        certificate: String,
        key: String,
    }

    impl Pair {
        fn new() -> Self {
            let key = KeyPair::generate().unwrap();
            let certificate =
                CertificateParams::new(["vault.test".to_owned()]).unwrap().self_signed(&key).unwrap();
            let pair = Self {
                directory: tempfile::tempdir().unwrap(),
                certificate: certificate.pem(),
                key: key.serialize_pem(),
            };
            std::fs::write(pair.directory.path().join("cert.pem"), &pair.certificate).unwrap();
            std::fs::write(pair.directory.path().join("key.pem"), &pair.key).unwrap();
            pair
        }

        fn path(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn file(&self, name: &str) -> String {
            self.path(name).to_str().unwrap().to_owned()
        }
    }

    fn from(settings: &[(&str, &str)]) -> Result<String, String> {
        let variables: BTreeMap<&str, &str> = settings.iter().copied().collect();
        let tls = tls(&Variables(&|name| variables.get(name).map(Into::into)));
        tls.map(|tls| format!("{tls:?}")).map_err(|error| error.to_string())
    }

    #[test]
    fn each_variable_sets_its_setting() {
        let pair = Pair::new();
        let (cert_file, key_file, directory) =
            (&*pair.file("cert.pem"), &*pair.file("key.pem"), pair.directory.path().to_str().unwrap());
        let (cert, key) = (&*pair.certificate, &*pair.key);
        let new = Tls::new;
        for (variables, expected) in [
            (&[][..], new()),
            (&[("BAO_CACERT", cert_file)], new().ca_file(cert_file).unwrap()),
            (&[("VAULT_CACERT_BYTES", cert)], new().ca_pem(cert).unwrap()),
            (&[("BAO_CAPATH", directory)], new().ca_dir(directory).unwrap()),
            (
                &[("BAO_CAPATH", directory), ("BAO_CACERT", cert_file)],
                new().ca_file(cert_file).unwrap().ca_dir(directory).unwrap(),
            ),
            (&[("BAO_TLS_SERVER_NAME", "vault.test")], new().server_name("vault.test").unwrap()),
            (
                &[("BAO_CLIENT_CERT", cert_file), ("VAULT_CLIENT_KEY", key_file)],
                new().client_cert_files(cert_file, key_file).unwrap(),
            ),
            (
                &[("BAO_CLIENT_CERT_BYTES", cert), ("BAO_CLIENT_KEY_BYTES", key)],
                new().client_cert_pem(cert, key).unwrap(),
            ),
            (
                &[
                    ("BAO_CLIENT_CERT", cert_file),
                    ("BAO_CLIENT_KEY", key_file),
                    ("BAO_CLIENT_CERT_BYTES", cert),
                    ("BAO_CLIENT_KEY_BYTES", key),
                ],
                new().client_cert_files(cert_file, key_file).unwrap(),
            ),
            (&[("VAULT_SKIP_VERIFY", "true")], new().danger_accept_invalid_certs()),
        ] {
            assert_eq!(from(variables).unwrap(), format!("{expected:?}"), "{variables:?}");
        }
    }

    #[test]
    fn only_a_true_value_disables_verification() {
        let verified = format!("{:?}", Tls::new());
        for value in ["", "0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(from(&[("BAO_SKIP_VERIFY", value)]).unwrap(), verified, "{value}");
        }
        for value in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_ne!(from(&[("BAO_SKIP_VERIFY", value)]).unwrap(), verified, "{value}");
        }
        for value in ["no", "off", "yes", "on", " ", "tRuE", "disabled"] {
            let error = from(&[("BAO_SKIP_VERIFY", value)]).unwrap_err();
            assert_eq!(error, "`BAO_SKIP_VERIFY` must be `true` or `false`", "{value}");
        }
    }

    #[test]
    fn an_invalid_value_is_an_error_that_names_the_variable_and_shows_no_key() {
        let (pair, other) = (Pair::new(), Pair::new());
        let missing = &*pair.file("missing.pem");
        let (cert_file, key_file) = (&*pair.file("cert.pem"), &*pair.file("key.pem"));
        let (cert, key) = (&*pair.certificate, &*pair.key);
        let secret = key.lines().nth(1).unwrap();
        for (variables, name) in [
            (&[("BAO_CACERT", missing)][..], "BAO_CACERT"),
            (&[("VAULT_CACERT", key_file)], "VAULT_CACERT"),
            (&[("VAULT_CACERT_BYTES", key)], "VAULT_CACERT_BYTES"),
            (&[("VAULT_CAPATH", missing)], "VAULT_CAPATH"),
            (&[("BAO_TLS_SERVER_NAME", "no name")], "BAO_TLS_SERVER_NAME"),
            (&[("BAO_CLIENT_CERT", cert_file)], "BAO_CLIENT_CERT"),
            (&[("VAULT_CLIENT_KEY", key_file)], "VAULT_CLIENT_KEY"),
            (&[("BAO_CLIENT_CERT_BYTES", cert)], "BAO_CLIENT_CERT_BYTES"),
            (&[("BAO_CLIENT_KEY_BYTES", key)], "BAO_CLIENT_KEY_BYTES"),
            (&[("BAO_CLIENT_CERT", cert_file), ("BAO_CLIENT_KEY", missing)], "BAO_CLIENT_CERT"),
            (&[("BAO_CLIENT_CERT", cert_file), ("BAO_CLIENT_KEY", key)], "BAO_CLIENT_KEY"),
            (&[("BAO_CLIENT_CERT", key), ("BAO_CLIENT_KEY", key_file)], "BAO_CLIENT_CERT"),
            (
                &[("BAO_CLIENT_CERT_BYTES", &other.certificate), ("BAO_CLIENT_KEY_BYTES", key)],
                "BAO_CLIENT_CERT_BYTES",
            ),
            (&[("BAO_CLIENT_CERT_BYTES", key), ("BAO_CLIENT_KEY_BYTES", key)], "BAO_CLIENT_CERT_BYTES"),
            (&[("BAO_CLIENT_CERT_BYTES", cert), ("BAO_CLIENT_KEY_BYTES", "no key")], "BAO_CLIENT_CERT_BYTES"),
        ] {
            let error = from(variables).unwrap_err();
            assert!(error.starts_with(&format!("`{name}` ")), "{error}");
            assert!(!error.contains(secret), "{error}");
        }
    }
}
