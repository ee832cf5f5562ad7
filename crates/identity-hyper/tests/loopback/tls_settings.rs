//! Trusted CAs, and errors in certificate files.

use std::fs;
use std::path::Path;

use identity_hyper::{Tls, TlsError};

use crate::tls::{Ca, HELLO, call, server, story};

fn rejected(made: Result<Tls, TlsError>, names: &Path, why: &str) {
    let error = made.expect_err(why).to_string();
    assert!(error.contains(&names.display().to_string()) && error.contains(why), "{why}: {error}");
}

/// Runs [`system_roots`] in a process whose system trusts only a CA of the test.
#[tokio::test]
#[cfg(all(unix, not(target_vendor = "apple")))]
async fn a_given_ca_is_the_only_one_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let system = Ca::new();
    let file = directory.path().join("system.pem");
    fs::write(&file, system.pem()).unwrap();
    let server = server(system.acceptor(&["http/1.1"]), HELLO);
    let mut run = std::process::Command::new(std::env::current_exe().unwrap());
    run.args(["--exact", "tls_settings::system_roots", "--ignored"])
        .env("SSL_CERT_FILE", &file)
        .env("SERVER_OF_THE_SYSTEMS_CA", server.address.to_string());
    let output = tokio::task::spawn_blocking(move || run.output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// See [`a_given_ca_is_the_only_one_trusted`].
#[tokio::test]
#[ignore = "needs a process of its own"]
#[cfg(all(unix, not(target_vendor = "apple")))]
async fn system_roots() {
    use crate::support::{patient, request};
    use identity_core::Transport;

    let url = format!("https://{}/v1", std::env::var("SERVER_OF_THE_SYSTEMS_CA").unwrap());
    let ca = Ca::new();
    let own = server(ca.acceptor(&["http/1.1"]), HELLO);
    let given = || Tls::new().ca_pem(ca.pem()).unwrap();
    for (tls, trusts_system, trusts_given) in
        [(Tls::new(), true, false), (given(), false, true), (given().with_system_roots(), true, true)]
    {
        let result = patient().tls(tls.clone()).build().send(request("GET", &url, "")).await;
        assert_eq!(result.is_ok(), trusts_system, "{tls:?} {result:?}");
        let result = call(tls.clone(), &own).await;
        assert_eq!(result.is_ok(), trusts_given, "{tls:?} {result:?}");
    }
}

#[tokio::test]
async fn several_cas_add_up() {
    let [one, two, third] = [Ca::new(), Ca::new(), Ca::new()];
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    fs::write(&file, format!("Subject: two\n\n{}\n{}", two.client_cert_pem().1, two.pem())).unwrap();
    let tls = Tls::new().ca_pem(one.pem()).unwrap().ca_file(&file).unwrap();
    for (ca, is_trusted) in [(one, true), (two, true), (third, false)] {
        let server = server(ca.acceptor(&[]), HELLO);
        assert_eq!(call(tls.clone(), &server).await.is_ok(), is_trusted);
    }
}

#[tokio::test]
async fn a_ca_directory_is_read_recursively() {
    let [one, two] = [Ca::new(), Ca::new()];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::create_dir_all(path.join("below/deep")).unwrap();
    fs::write(path.join("one.pem"), one.pem()).unwrap();
    fs::write(path.join("below/deep/two"), two.pem()).unwrap();
    fs::write(path.join("README"), "not a certificate").unwrap();
    fs::write(path.join("below/binary.der"), [0x30, 0x82, 0xff, 0x00, b'-', b'-']).unwrap();
    fs::write(path.join("empty"), "").unwrap();
    #[cfg(unix)]
    {
        // The layout of mounted Kubernetes secrets, and a symlink loop.
        std::os::unix::fs::symlink(path.join("one.pem"), path.join("link.pem")).unwrap();
        std::os::unix::fs::symlink(path, path.join("below/circle")).unwrap();
        std::os::unix::fs::symlink(path.join("nowhere"), path.join("dangling.pem")).unwrap();
    }
    let tls = Tls::new().ca_dir(path).unwrap();
    for ca in [one, two] {
        let server = server(ca.acceptor(&[]), HELLO);
        assert_eq!(call(tls.clone(), &server).await.unwrap(), "hello");
    }
}

#[test]
fn an_unusable_ca_is_an_error_that_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    rejected(Tls::new().ca_file(&file), &file, "cannot be read: No such file or directory");
    rejected(Tls::new().ca_dir(&file), &file, "cannot be read: No such file or directory");
    rejected(
        Tls::new().ca_file(directory.path()),
        directory.path(),
        "cannot be read: it is not a regular file",
    );
    rejected(Tls::new().ca_dir(directory.path()), directory.path(), "has no file with a certificate");
    let pem = Ca::new().pem();
    let (start, _) = pem.split_at(pem.len() / 2);
    let key = Ca::new().client_cert_pem().1;
    let not_der = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    for (content, why) in [
        ("", "has no certificate in PEM form"),
        ("garbage \u{0} \n", "has no certificate in PEM form"),
        (key.as_str(), "has no certificate in PEM form"),
        (start, "is not in PEM form"),
        ("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", "is not in PEM form"),
        (not_der, "has a certificate that cannot be used"),
    ] {
        fs::write(&file, content).unwrap();
        rejected(Tls::new().ca_file(&file), &file, why);
        let in_directory = if why.starts_with("has no") { "has no file with a certificate" } else { why };
        rejected(Tls::new().ca_dir(directory.path()), directory.path(), in_directory);
        let error = Tls::new().ca_pem(content).unwrap_err().to_string();
        assert!(error.starts_with("the CA "), "{error}");
    }
}

#[test]
fn an_unusable_client_certificate_is_an_error_that_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let [certificate, key] = ["client.pem", "client.key"].map(|name| directory.path().join(name));
    let made = || Tls::new().client_cert_files(&certificate, &key);
    let (pem, private) = Ca::new().client_cert_pem();
    let encrypted = private.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let cut = &private[..private.len() / 2];
    let spoilt = private.replacen('M', "!", 1);

    rejected(made(), &certificate, "cannot be read");
    fs::write(&certificate, &pem).unwrap();
    rejected(made(), &key, "cannot be read");
    for (content, why) in [
        ("", "has no private key"),
        (pem.as_str(), "has no private key"),
        (encrypted.as_str(), "has no private key in PEM form, or it is encrypted"),
        (cut, "is not in PEM form"),
        (spoilt.as_str(), "is not in PEM form"),
        ("-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n", "cannot be used"),
        (Ca::new().client_cert_pem().1.as_str(), "do not match"),
    ] {
        fs::write(&key, content).unwrap();
        rejected(made(), &key, why);
        let error = Tls::new().client_cert_pem(&pem, content).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(
            content.lines().skip(1).all(|line| line.starts_with('-') || !shown.contains(line)),
            "{shown}"
        );
    }
    fs::write(&key, &private).unwrap();
    for (content, why) in [("", "has no certificate"), (private.as_str(), "has no certificate")] {
        fs::write(&certificate, content).unwrap();
        rejected(made(), &certificate, why);
    }
}

#[test]
fn debug_shows_file_names_but_no_key() {
    let directory = tempfile::tempdir().unwrap();
    let [certificate, key] = ["client.pem", "client.key"].map(|name| directory.path().join(name));
    let (pem, private) = Ca::new().client_cert_pem();
    fs::write(&certificate, &pem).unwrap();
    fs::write(&key, &private).unwrap();
    let from_files = Tls::new().client_cert_files(&certificate, &key).unwrap();
    assert!(format!("{from_files:?}").contains("client.key"), "{from_files:?}");
    let from_memory = Tls::new().client_cert_pem(&pem, &private).unwrap();
    for shown in [format!("{from_files:?}"), format!("{from_memory:#?}")] {
        assert!(private.lines().all(|line| !shown.contains(line)) && shown.len() < 500, "{shown}");
    }
}

#[tokio::test]
async fn settings_override_parts_of_a_custom_config() {
    let [own, given] = [Ca::new(), Ca::new()];
    let [trusted, other] = [&own, &given].map(|ca| server(ca.acceptor(&[]), HELLO));
    let tls = Tls::from(own.client());
    assert_eq!(call(tls.clone(), &trusted).await.unwrap(), "hello");
    let error = call(tls.clone(), &other).await.unwrap_err();
    assert!(story(&error).contains("not issued by a trusted CA"), "{}", story(&error));
    let tls = tls.ca_pem(given.pem()).unwrap();
    assert_eq!(call(tls.clone(), &other).await.unwrap(), "hello");
    assert!(call(tls, &trusted).await.is_err());
}
