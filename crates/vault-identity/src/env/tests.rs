use std::collections::BTreeMap;
use std::ffi::OsString;

use super::*;

fn from(variables: &[(&str, &str)], home: Option<PathBuf>) -> Result<Target, String> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    target(&Variables(&|name| variables.get(name).map(Into::into)), home).map_err(|error| error.to_string())
}

fn request(variables: &[(&str, &str)], home: Option<PathBuf>) -> http::Request<bytes::Bytes> {
    use identity_core::{Endpoint, entity::ListEntities};
    ListEntities::new().request(&from(variables, home).unwrap()).unwrap()
}

fn authority(variables: &[(&str, &str)]) -> String {
    request(variables, None).uri().authority().unwrap().to_string()
}

#[test]
fn the_default_is_the_local_server_without_a_token() {
    let request = request(&[], None);
    assert_eq!(request.uri(), "https://127.0.0.1:8200/v1/identity/entity/id");
    assert!(!request.headers().contains_key("x-vault-token"));
    assert!(!request.headers().contains_key("x-vault-namespace"));
}

#[test]
fn bao_takes_precedence_over_vault_unless_it_is_empty() {
    let both = [
        ("BAO_ADDR", "http://bao:1"),
        ("VAULT_ADDR", "http://vault:2"),
        ("BAO_TOKEN", ""),
        ("VAULT_TOKEN", "from-vault"),
        ("BAO_NAMESPACE", "team"),
        ("VAULT_NAMESPACE", "other"),
    ];
    let request = request(&both, None);
    assert_eq!(request.uri().authority().unwrap(), "bao:1");
    assert_eq!(request.headers()["x-vault-token"], "from-vault");
    assert_eq!(request.headers()["x-vault-namespace"], "team");
}

#[test]
fn an_agent_takes_precedence_and_the_first_of_several_addresses_is_used() {
    assert_eq!(authority(&[("BAO_ADDR", "http://a:1, http://b:2")]), "a:1");
    assert_eq!(authority(&[("BAO_ADDR", "http://a:1"), ("VAULT_AGENT_ADDR", "http://agent:3")]), "agent:3");
    assert_eq!(authority(&[("BAO_ADDR", "http://a:1"), ("VAULT_AGENT_ADDR", "")]), "a:1");
}

#[test]
fn the_token_file_is_trimmed_and_only_read_if_no_token_is_set() {
    let home = tempfile::tempdir().unwrap();
    let path = || Some(home.path().to_owned());
    assert!(!request(&[], path()).headers().contains_key("x-vault-token"));
    std::fs::write(home.path().join(".vault-token"), "from-file\n").unwrap();
    assert_eq!(request(&[], path()).headers()["x-vault-token"], "from-file");
    assert_eq!(request(&[("VAULT_TOKEN", "set")], path()).headers()["x-vault-token"], "set");
    std::fs::write(home.path().join(".vault-token"), "\n").unwrap();
    assert!(!request(&[], path()).headers().contains_key("x-vault-token"));
}

#[test]
fn a_token_file_that_cannot_be_read_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".vault-token")).unwrap();
    let error = from(&[], Some(home.path().to_owned())).unwrap_err();
    assert!(error == "`~/.vault-token` cannot be read: it is not a regular file", "{error}");
}

#[test]
fn wrapping_of_every_response_is_rejected() {
    for ttl in ["0", "0s", ""] {
        from(&[("VAULT_WRAP_TTL", ttl)], None).unwrap();
    }
    for ttl in ["60", "5m", "soon"] {
        let error = from(&[("VAULT_WRAP_TTL", ttl)], None).unwrap_err();
        assert!(error.starts_with("`VAULT_WRAP_TTL` ") && error.contains("use `Wrap`"), "{error}");
    }
}

#[test]
fn an_error_names_the_variable_and_hides_the_value() {
    for (name, value) in [
        ("VAULT_ADDR", "canary:8200"),
        ("BAO_ADDR", "http://user:canary@host"),
        ("BAO_ADDR", "http://host,canary"),
        ("VAULT_ADDR", "https://host,http://canary"),
        ("BAO_ADDR", "http://host,"),
        ("BAO_AGENT_ADDR", "http://host,http://canary"),
        ("VAULT_TOKEN", "canary\n"),
        ("BAO_NAMESPACE", "canary\r\nx: y"),
    ] {
        let error = from(&[(name, value)], None).unwrap_err();
        assert!(error.starts_with(&format!("`{name}` ")), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn an_unused_address_is_validated_too() {
    let error = from(&[("BAO_AGENT_ADDR", "http://agent"), ("BAO_ADDR", "nonsense")], None).unwrap_err();
    assert!(error.starts_with("`BAO_ADDR` "), "{error}");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_unicode_is_an_error() {
    use std::os::unix::ffi::OsStringExt;
    let get = |name: &str| (name == "VAULT_TOKEN").then(|| OsString::from_vec(vec![0xff]));
    assert_eq!(target(&Variables(&get), None).unwrap_err().to_string(), "`VAULT_TOKEN` is not Unicode");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..proptest::test_runner::Config::with_cases(4000) })]

    #[test]
    fn no_value_of_a_variable_panics(
        text in proptest::prop_oneof![
            "[0-9.]{0,40}(ns|us|ms|s|m|h|d|:)?[0-9.]{0,12}(ns|ms|s|h|d)?",
            "\\PC{0,20}",
            ".{0,20}",
        ],
    ) {
        let _ = duration::parse(&text);
        #[cfg(feature = "hyper")]
        let _ = rate::parse(&text);
        for name in ["BAO_ADDR", "BAO_AGENT_ADDR", "BAO_TOKEN", "BAO_NAMESPACE", "BAO_WRAP_TTL"] {
            let get = |requested: &str| (requested == name).then(|| text.clone().into());
            let _ = target(&Variables(&get), None);
        }
    }
}
