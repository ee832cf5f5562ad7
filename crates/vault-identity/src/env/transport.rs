use identity_core::error::RequestError;
use identity_hyper::{HyperTransport, HyperTransportBuilder, Proxy, RedirectPolicy, RetryPolicy};

use super::tls::tls;
use super::variables::{Variables, invalid};
use super::{addresses, duration, rate};

/// Returns a builder with the settings of the variables. `default_proxy` is used if no variable sets one.
pub(super) fn builder(
    variables: &Variables<'_>,
    default_proxy: impl FnOnce() -> Result<Proxy, RequestError>,
) -> Result<HyperTransportBuilder, RequestError> {
    let mut builder = HyperTransport::builder().addresses(addresses(variables)?)?.tls(tls(variables)?);
    let proxy = variables.read("PROXY_ADDR", |url| Proxy::all(&url))?;
    builder = builder.proxy(proxy.map_or_else(default_proxy, Ok)?);
    let timeout = |text: String| {
        duration::parse(&text)
            .ok_or_else(|| invalid("must be a duration such as `60`, `1500ms`, `1m30s` or `2d`"))
    };
    if let Some(timeout) = variables.read("CLIENT_TIMEOUT", timeout)?.filter(|timeout| !timeout.is_zero()) {
        builder = builder.timeout(timeout);
    }
    let retries = |text: String| text.parse().map_err(|_| invalid("must be a whole number"));
    if let Some(retries) = variables.read("MAX_RETRIES", retries)? {
        builder = builder.retry_policy(RetryPolicy::new().max_retries(retries));
    }
    let rate =
        |text: String| rate::parse(&text).ok_or_else(|| invalid("must be a rate such as `10` or `10.5:20`"));
    if let Some(rate) = variables.read("RATE_LIMIT", rate)? {
        builder = builder.rate_limit(rate);
    }
    if variables.flag("DISABLE_REDIRECTS")? {
        builder = builder.redirect_policy(RedirectPolicy::Never);
    }
    Ok(builder)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use identity_hyper::RateLimit;

    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<String, String> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let default_proxy = || Proxy::all("http://default:1");
        let builder = builder(&Variables(&|name| variables.get(name).map(Into::into)), default_proxy);
        builder.map(|builder| format!("{builder:?}")).map_err(|error| error.to_string())
    }

    fn at<const N: usize>(addresses: [&str; N]) -> HyperTransportBuilder {
        let builder = HyperTransport::builder().addresses(addresses).unwrap();
        builder.proxy(Proxy::all("http://default:1").unwrap())
    }

    fn base() -> HyperTransportBuilder {
        at(["https://127.0.0.1:8200"])
    }

    #[test]
    fn each_variable_sets_its_setting() {
        let proxy = |url| base().proxy(Proxy::all(url).unwrap());
        for (variables, expected) in [
            (&[][..], base()),
            (&[("BAO_ADDR", "https://a, https://b:1")], at(["https://a", "https://b:1"])),
            (
                &[("BAO_ADDR", "https://a"), ("VAULT_AGENT_ADDR", "http://127.0.0.1:8100")],
                at(["http://127.0.0.1:8100"]),
            ),
            (&[("VAULT_CLIENT_TIMEOUT", "7")], base().timeout(Duration::from_secs(7))),
            (&[("BAO_CLIENT_TIMEOUT", "1500ms")], base().timeout(Duration::from_millis(1500))),
            (&[("BAO_CLIENT_TIMEOUT", "0")], base()),
            (&[("BAO_MAX_RETRIES", "0")], base().retry_policy(RetryPolicy::off())),
            (&[("VAULT_MAX_RETRIES", "5")], base().retry_policy(RetryPolicy::new().max_retries(5))),
            (
                &[("BAO_MAX_RETRIES", ""), ("VAULT_MAX_RETRIES", "5")],
                base().retry_policy(RetryPolicy::new().max_retries(5)),
            ),
            (&[("BAO_RATE_LIMIT", "10")], base().rate_limit(RateLimit::per_second(10.0).unwrap())),
            (&[("BAO_DISABLE_REDIRECTS", "true")], base().redirect_policy(RedirectPolicy::Never)),
            (&[("BAO_DISABLE_REDIRECTS", "F"), ("VAULT_DISABLE_REDIRECTS", "T")], base()),
            (&[("BAO_PROXY_ADDR", "http://u:p@proxy:3128")], proxy("http://u:p@proxy:3128")),
            (&[("VAULT_PROXY_ADDR", "")], base()),
            (&[("TIMEOUT", "7"), ("CLIENT_TIMEOUT", "7"), ("BAO_TIMEOUT", "7")], base()),
        ] {
            assert_eq!(from(variables).unwrap(), format!("{expected:?}"), "{variables:?}");
        }
    }

    #[test]
    fn booleans_are_parsed_as_by_go() {
        for (values, expected) in [
            (["1", "t", "T", "TRUE", "true", "True"], base().redirect_policy(RedirectPolicy::Never)),
            (["0", "f", "F", "FALSE", "false", "False"], base()),
        ] {
            for value in values {
                let transport = from(&[("BAO_DISABLE_REDIRECTS", value)]).unwrap();
                assert_eq!(transport, format!("{expected:?}"), "{value}");
            }
        }
        for value in ["yes", "no", "on", "off", "tRUE", " true", "true ", "2", "-1", "y", "enabled"] {
            let error = from(&[("VAULT_DISABLE_REDIRECTS", value)]).unwrap_err();
            assert_eq!(error, "`VAULT_DISABLE_REDIRECTS` must be `true` or `false`", "{value}");
        }
    }

    #[test]
    fn an_invalid_value_is_an_error_that_names_the_variable() {
        for (name, value) in [
            ("BAO_CLIENT_TIMEOUT", "-1"),
            ("VAULT_CLIENT_TIMEOUT", "soon"),
            ("BAO_CLIENT_TIMEOUT", " 1"),
            ("BAO_CLIENT_TIMEOUT", "1x"),
            ("BAO_MAX_RETRIES", "-1"),
            ("VAULT_MAX_RETRIES", "2.5"),
            ("VAULT_MAX_RETRIES", "many"),
            ("BAO_RATE_LIMIT", "fast"),
            ("BAO_PROXY_ADDR", "ftp://user:canary@proxy"),
        ] {
            let error = from(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(&format!("`{name}` must be")), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
