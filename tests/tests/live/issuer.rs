//! A provider's issuer is written without a path, and returned with one.

use vault_identity::WithMeta;
use vault_identity::oidc::WriteOidcProvider;

use crate::space::Space;

#[tokio::test]
async fn a_provider_accepts_the_issuer_that_it_returns() {
    let Some(space) = Space::new("provider-issuer") else { return };
    space.set_up("POST", "sys/namespaces/v1", &serde_json::json!({}));
    let below = space.client.with_namespace("provider-issuer/v1").unwrap();
    for client in [&space.client, &below] {
        let providers = client.oidc().providers();
        providers.write(&WriteOidcProvider::new("web")).await.unwrap();
        let own = providers.read("web").await.unwrap().issuer;
        let with_port = "https://id.example.com:8200";
        for issuer in [&*own, with_port, "http://127.0.0.1", "https://[::1]:8200"] {
            let write = WriteOidcProvider::new("web").issuer(issuer);
            let ((), meta) = client.call(&WithMeta(write)).await.unwrap();
            assert!(meta.warnings[0].contains("issuer") && meta.request_id.is_some(), "{meta:?}");
            let before = providers.read("web").await.unwrap();
            assert!(before.issuer.starts_with(issuer), "{}", before.issuer);

            let back = WriteOidcProvider::new("web")
                .issuer(&before.issuer)
                .allowed_client_ids(&before.allowed_client_ids)
                .scopes_supported(&before.scopes_supported);
            for _ in 0..2 {
                providers.write(&back).await.unwrap_or_else(|error| panic!("{}: {error:#}", before.issuer));
                assert_eq!(providers.read("web").await.unwrap(), before);
            }
        }
        let ((), meta) = client.call(&WithMeta(WriteOidcProvider::new("web").issuer(""))).await.unwrap();
        assert_eq!((meta.warnings.len(), meta.request_id), (0, None));
        assert_eq!(providers.read("web").await.unwrap().issuer, own);
    }
}

#[tokio::test]
async fn the_host_of_an_issuer_can_start_like_the_path() {
    let Some(space) = Space::new("provider-issuer-host") else { return };
    let providers = space.client.oidc().providers();
    for issuer in ["https://v1.example.com", "http://v1:8200"] {
        providers.write(&WriteOidcProvider::new("web").issuer(issuer)).await.unwrap();
        let found = providers.read("web").await.unwrap().issuer;
        assert_eq!(found, format!("{issuer}/v1/provider-issuer-host/identity/oidc/provider/web"));
        providers.write(&WriteOidcProvider::new("web").issuer(&found)).await.unwrap();
        assert_eq!(providers.read("web").await.unwrap().issuer, found);
    }
}
