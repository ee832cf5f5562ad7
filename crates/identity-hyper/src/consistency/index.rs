use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderValue;
use serde::Deserialize;

/// Servers send 100 to 200 bytes. A much longer index would make every later request too large.
const MAX_LEN: usize = 1024;

/// Whether an index is older than the latest one that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Staleness {
    Fresh,
    Stale,
}

/// The latest `X-Vault-Index` of a cluster and namespace.
#[derive(Debug)]
pub(super) struct Index {
    value: HeaderValue,
    position: Option<Position>,
}

/// The position in the write-ahead log of a cluster. Positions of two clusters cannot be compared.
#[derive(Debug, PartialEq, Eq)]
struct Position {
    cluster: String,
    /// `OpenBao` has one number, Vault has two: of the cluster and of the replication to it.
    numbers: Vec<u128>,
}

impl Index {
    /// Returns `None` if no server would send this value.
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

    /// Replaces the index, unless the new one is stale.
    pub(super) fn advance(&mut self, value: &HeaderValue) -> Staleness {
        if *value == self.value {
            return Staleness::Fresh;
        }
        let Some(new) = Self::new(value) else { return Staleness::Fresh };
        let staleness = new.compared_with(self);
        if staleness == Staleness::Fresh {
            *self = new;
        }
        staleness
    }

    /// Returns `Stale` if this index is older than `known`.
    pub(super) fn compared_with(&self, known: &Self) -> Staleness {
        match (&self.position, &known.position) {
            (Some(new), Some(known))
                if new.cluster == known.cluster
                    && known.numbers.iter().zip(&new.numbers).any(|(known, new)| known > new)
                    && new.numbers.len() == known.numbers.len() =>
            {
                Staleness::Stale
            }
            _ => Staleness::Fresh,
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
    fn an_index_never_goes_back() {
        let mut latest = Index::new(&openbao("a", "18096")).unwrap();
        for older in ["18095", "9", "18096"] {
            let _ = latest.advance(&openbao("a", older));
            assert_eq!(latest.value(), openbao("a", "18096"), "{older}");
        }
        let _ = latest.advance(&openbao("a", "100000"));
        assert_eq!(latest.value(), openbao("a", "100000"));
    }

    #[test]
    fn another_cluster_replaces_the_index() {
        let mut latest = Index::new(&openbao("a", "18096")).unwrap();
        let _ = latest.advance(&openbao("b", "7"));
        assert_eq!(latest.value(), openbao("b", "7"));
    }

    #[test]
    fn an_index_that_cannot_be_compared_replaces_the_latest() {
        let mut latest = Index::new(&openbao("a", "18096")).unwrap();
        for opaque in [openbao("a", "lsn-7"), HeaderValue::from_static("?"), openbao("a", "5")] {
            let _ = latest.advance(&opaque);
            assert_eq!(latest.value(), opaque);
        }
        let _ = latest.advance(&HeaderValue::from_static(""));
        assert_eq!(latest.value(), openbao("a", "5"));
    }

    #[test]
    fn an_index_that_is_too_long_is_ignored() {
        let of = |len: usize| HeaderValue::try_from("x".repeat(len)).unwrap();
        assert!(Index::new(&of(1024)).is_some());
        assert!(Index::new(&of(1025)).is_none());
        let mut latest = Index::new(&openbao("a", "18096")).unwrap();
        assert_eq!(latest.advance(&of(40_000)), Staleness::Fresh);
        assert_eq!(latest.value(), openbao("a", "18096"));
    }

    #[test]
    fn the_index_of_vault_has_two_numbers() {
        let of = |local: u32, replicated: u32| index(&format!("v1:cluster:{local}:{replicated}:bWFj"));
        let mut latest = Index::new(&of(7, 3)).unwrap();
        for older in [of(6, 3), of(7, 2), of(9, 2)] {
            let _ = latest.advance(&older);
            assert_eq!(latest.value(), of(7, 3));
        }
        let _ = latest.advance(&of(7, 4));
        assert_eq!(latest.value(), of(7, 4));
    }
}
