use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderValue;
use serde::Deserialize;

/// Those of servers have some 100 to 200 bytes. A much longer one would make every later request too large.
const MAX_LEN: usize = 1024;

/// The newest `X-Vault-Index` of a cluster and namespace.
#[derive(Debug)]
pub(super) struct Index {
    value: HeaderValue,
    position: Option<Position>,
}

/// How far a cluster has come. Two of different clusters, or of a form that is not known, cannot be compared.
#[derive(Debug, PartialEq, Eq)]
struct Position {
    cluster: String,
    /// `OpenBao` has one number, Vault one for the cluster and one for what is replicated to it.
    numbers: Vec<u128>,
}

impl Index {
    /// Returns `None` for a value that no server would send.
    pub(super) fn new(value: &HeaderValue) -> Option<Self> {
        let text = value.to_str().ok().filter(|text| (1..=MAX_LEN).contains(&text.len()))?;
        Some(Self { position: Position::read(text), value: value.clone() })
    }

    pub(super) fn value(&self) -> HeaderValue {
        self.value.clone()
    }

    pub(super) fn as_str(&self) -> &str {
        self.value.to_str().unwrap_or_default()
    }

    /// Takes over the new one, unless it is older. Whether it is.
    pub(super) fn advance(&mut self, value: &HeaderValue) -> bool {
        if *value == self.value {
            return false;
        }
        let Some(new) = Self::new(value) else { return false };
        let is_older = self.is_newer_than(&new);
        if !is_older {
            *self = new;
        }
        is_older
    }

    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        match (&self.position, &other.position) {
            (Some(mine), Some(theirs))
                if mine.cluster == theirs.cluster && mine.numbers.len() == theirs.numbers.len() =>
            {
                mine.numbers.iter().zip(&theirs.numbers).any(|(mine, theirs)| mine > theirs)
            }
            _ => false,
        }
    }
}

impl Position {
    fn read(index: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Json {
            cluster: String,
            value: String,
        }
        let decoded = BASE64.decode(index).ok()?;
        if let Ok(Json { cluster, value }) = serde_json::from_slice(&decoded) {
            return Some(Self { cluster, numbers: vec![value.parse().ok()?] });
        }
        // Vault's: v1:cluster:local:replicated:hmac
        let text = std::str::from_utf8(&decoded).ok()?;
        let mut fields = text.split(':');
        let (Some("v1"), Some(cluster), Some(local), Some(replicated)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return None;
        };
        Some(Self {
            cluster: cluster.to_owned(),
            numbers: vec![local.parse().ok()?, replicated.parse().ok()?],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(json: &str) -> HeaderValue {
        HeaderValue::from_str(&BASE64.encode(json)).unwrap()
    }

    fn openbao(cluster: &str, value: &str) -> HeaderValue {
        index(&format!(r#"{{"cluster":"{cluster}","value":"{value}"}}"#))
    }

    #[test]
    fn it_never_goes_back() {
        let mut newest = Index::new(&openbao("a", "18096")).unwrap();
        for older in ["18095", "9", "18096"] {
            newest.advance(&openbao("a", older));
            assert_eq!(newest.value(), openbao("a", "18096"), "{older}");
        }
        newest.advance(&openbao("a", "100000"));
        assert_eq!(newest.value(), openbao("a", "100000"));
    }

    #[test]
    fn another_cluster_begins_anew() {
        let mut newest = Index::new(&openbao("a", "18096")).unwrap();
        newest.advance(&openbao("b", "7"));
        assert_eq!(newest.value(), openbao("b", "7"));
    }

    #[test]
    fn what_cannot_be_compared_is_taken_as_it_comes() {
        let mut newest = Index::new(&openbao("a", "18096")).unwrap();
        for opaque in [openbao("a", "lsn-7"), HeaderValue::from_static("?"), openbao("a", "5")] {
            newest.advance(&opaque);
            assert_eq!(newest.value(), opaque);
        }
        newest.advance(&HeaderValue::from_static(""));
        assert_eq!(newest.value(), openbao("a", "5"));
    }

    #[test]
    fn an_index_that_would_break_later_requests_is_not_kept() {
        let of = |len: usize| HeaderValue::try_from("x".repeat(len)).unwrap();
        assert!(Index::new(&of(1024)).is_some());
        assert!(Index::new(&of(1025)).is_none());
        let mut newest = Index::new(&openbao("a", "18096")).unwrap();
        assert!(!newest.advance(&of(40_000)));
        assert_eq!(newest.value(), openbao("a", "18096"));
    }

    #[test]
    fn the_index_of_vault_has_two_numbers() {
        let of = |local: u32, replicated: u32| index(&format!("v1:cluster:{local}:{replicated}:bWFj"));
        let mut newest = Index::new(&of(7, 3)).unwrap();
        for older in [of(6, 3), of(7, 2), of(9, 2)] {
            newest.advance(&older);
            assert_eq!(newest.value(), of(7, 3));
        }
        newest.advance(&of(7, 4));
        assert_eq!(newest.value(), of(7, 4));
    }
}
