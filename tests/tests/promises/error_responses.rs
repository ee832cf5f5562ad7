//! Error responses, absence, and empty lists.

use identity_tests::faulty::{Faulty, Response};
use vault_identity::entity::{Entity, ListEntities, ReadEntityById, WriteEntityByName};
use vault_identity::group::ReadGroupByName;
use vault_identity::{Maybe, Result, WithMeta};

use crate::support::{client_with, error_text, server_and_client, single_attempt};

const PAGE: &str =
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>canary</body></html>";

#[tokio::test]
async fn an_html_page_is_summarized() {
    for status in [400, 403, 404, 500, 502, 503, 504] {
        let page = Response::status(status).header("Content-Type", "text/html; charset=utf-8");
        let server = Faulty::always(page.body(PAGE.repeat(1000)));
        let client = client_with(&server, single_attempt());
        let error =
            client.entities().create(&vault_identity::entity::CreateEntity::unnamed()).await.unwrap_err();
        let text = format!("{error:#}");
        assert!(text.ends_with(": the response is not from Vault (text/html; charset=utf-8)"), "{text}");
        assert!(!error_text(&error).contains("canary"), "{error:?}");
        assert!(!error.is_not_found() && !error.is_sealed());
        assert_eq!(error.may_have_been_applied(), matches!(status, 500..=504), "{status}");
    }
}

#[tokio::test]
async fn only_a_404_without_messages_is_not_found() {
    async fn read(body: &str, status: u16) -> (Result<Entity>, Result<Option<Entity>>) {
        let (_server, client) = server_and_client(Response::json(status, body));
        (client.entities().read("e1").await, client.entities().find("e1").await)
    }
    for body in [r#"{"errors":[]}"#, r#"{"errors":null}"#] {
        let (absent, none) = read(body, 404).await;
        assert!(absent.unwrap_err().is_not_found(), "{body}");
        assert!(none.unwrap().is_none(), "{body}");
    }
    for body in [
        r#"{"errors":["namespace not found"]}"#,
        r#"{"errors":["unsupported path"]}"#,
        r#"{"errors":["no handler for route \"x\". route entry not found."]}"#,
        r#"{"errors":[""]}"#,
        r#"{"errors":[null]}"#,
        r#"{"data":null,"warnings":["careful"]}"#,
        r#"{"data":{"id":"e1"}}"#,
        "{}",
        "[]",
        "",
        "404 page not found\n",
        PAGE,
    ] {
        let (read, found) = read(body, 404).await;
        for error in [read.unwrap_err(), found.unwrap_err()] {
            assert!(!error.is_not_found(), "{body}");
            assert_eq!(error.api().unwrap().status(), 404);
        }
    }
    for status in [400, 403, 405, 410] {
        let (read, found) = read(r#"{"errors":[]}"#, status).await;
        assert!(!read.unwrap_err().is_not_found(), "{status}");
        found.unwrap_err();
    }
}

#[tokio::test]
async fn the_messages_of_a_404_are_reported() {
    let (_server, client) = server_and_client(Response::error(404, "namespace not found"));
    let error = client.call(&Maybe(ReadGroupByName::new("g"))).await.unwrap_err();
    assert!(format!("{error:#}").ends_with("404 namespace not found"), "{error:#}");
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    for response in [
        Response::json(404, r#"{"errors":[]}"#),
        Response::json(200, r#"{"data":{"keys":[]}}"#),
        Response::json(200, r#"{"data":{"keys":null,"key_info":null}}"#),
        Response::json(200, r#"{"data":{}}"#),
    ] {
        let (_server, client) = server_and_client(response);
        assert!(client.entities().list().await.unwrap().is_empty());
        assert!(client.entities().list_names().await.unwrap().is_empty());
        assert!(client.groups().list().await.unwrap().is_empty());
    }
    let (_server, client) = server_and_client(Response::error(404, "namespace not found"));
    client.entities().list().await.unwrap_err();
}

#[tokio::test]
async fn warnings_are_returned_with_the_value() {
    let body = r#"{"request_id":"r1","data":{"id":"e1","name":"n","keys":["k"]},"warnings":["Endpoint ignored these unrecognized parameters: [x]",7]}"#;
    let (_server, client) = server_and_client(Response::json(200, body));
    let read = client.call(&WithMeta(ReadEntityById::new("e1"))).await.unwrap();
    assert_eq!(read.1.warnings, ["Endpoint ignored these unrecognized parameters: [x]"]);
    assert_eq!(read.0.name, "n");
    let write = client.call(&WithMeta(WriteEntityByName::new("n"))).await.unwrap();
    assert_eq!(write.1.warnings.len(), 1);
    let list = client.call(&WithMeta(ListEntities::new())).await.unwrap();
    assert_eq!((list.1.warnings.len(), list.1.request_id.as_deref()), (1, Some("r1")));
}
