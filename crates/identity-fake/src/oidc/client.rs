//! OIDC clients: `identity/oidc/client`.

use identity_core::oidc::{DeleteOidcClient, ListOidcClients, ReadOidcClient, WriteOidcClient};
use serde_json::{Value, json};

use super::super::input::{Fields, Kind, Schema};
use super::super::limits::distinct;
use super::super::response::{HandlerResult, bad_request, key_list, quoted};
use super::super::route::{Route, route};
use super::super::state::Context;
use super::{DEFAULT, Oidc, key};

const FIELDS: Schema = &[
    ("name", Kind::Text),
    ("redirect_uris", Kind::List),
    ("assignments", Kind::List),
    ("key", Kind::Text),
    ("id_token_ttl", Kind::Duration),
    ("access_token_ttl", Kind::Duration),
    ("client_type", Kind::Text),
    ("authorization_code", Kind::Flag),
    ("client_credentials", Kind::Flag),
];

pub(super) const ROUTES: &[Route] = &[
    route::<WriteOidcClient>(FIELDS, write).looked_up_first(),
    route::<ReadOidcClient>(FIELDS, read),
    route::<DeleteOidcClient>(FIELDS, delete),
    route::<ListOidcClients>(&[], list),
];

#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "they are the server's")]
pub(super) struct Client {
    pub(super) redirect_uris: Vec<String>,
    pub(super) assignments: Vec<String>,
    pub(super) key: String,
    pub(super) id_token_ttl: u64,
    pub(super) access_token_ttl: u64,
    pub(super) client_id: String,
    /// `None` for a public client.
    pub(super) client_secret: Option<String>,
    pub(super) authorization_code: bool,
    pub(super) client_credentials: bool,
}

impl Client {
    fn new() -> Self {
        Self {
            redirect_uris: Vec::new(),
            assignments: Vec::new(),
            key: DEFAULT.to_owned(),
            id_token_ttl: 24 * 60 * 60,
            access_token_ttl: 24 * 60 * 60,
            client_id: String::new(),
            client_secret: None,
            authorization_code: true,
            client_credentials: false,
        }
    }

    pub(super) fn is_public(&self) -> bool {
        self.client_secret.is_none()
    }

    fn client_type(&self) -> &'static str {
        if self.is_public() { "public" } else { "confidential" }
    }

    /// Returns the client without its secret.
    fn info(&self) -> Value {
        json!({
            "redirect_uris": self.redirect_uris,
            "assignments": self.assignments,
            "key": self.key,
            "id_token_ttl": self.id_token_ttl,
            "access_token_ttl": self.access_token_ttl,
            "client_id": self.client_id,
            "client_type": self.client_type(),
            "authorization_code": self.authorization_code,
            "client_credentials": self.client_credentials,
        })
    }
}

pub(super) fn by_id<'a>(oidc: &'a Oidc, client_id: &str) -> Option<&'a Client> {
    oidc.clients.values().find(|client| client.client_id == client_id)
}

fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    let known = context.store.oidc.clients.get(&name);
    let is_new = known.is_none();
    let mut client = known.cloned().unwrap_or_else(Client::new);
    client.redirect_uris = distinct(fields.list("redirect_uris").unwrap_or(client.redirect_uris));
    client.assignments = distinct(fields.list("assignments").unwrap_or(client.assignments));
    let assignments = &context.store.oidc.assignments;
    if let Some(assignment) = client.assignments.iter().find(|name| !assignments.contains_key(*name)) {
        return Err(bad_request(format!("assignment {} does not exist", quoted(assignment))));
    }
    if let Some(key) = fields.given_text("key") {
        if !is_new && client.key != key {
            return Err(bad_request("key modification is not allowed"));
        }
        client.key = key;
    }
    let key = context.store.oidc.keys.get(&client.key);
    let longest = key
        .ok_or_else(|| bad_request(format!("key {} does not exist", quoted(&client.key))))?
        .verification_ttl;
    key::start_default(context, &client.key);
    client.id_token_ttl = fields.seconds("id_token_ttl").unwrap_or(client.id_token_ttl);
    if client.id_token_ttl > longest {
        let problem = "cannot be greater than the verification_ttl of the key it references";
        return Err(bad_request(format!("a client's id_token_ttl {problem}")));
    }
    client.access_token_ttl = fields.seconds("access_token_ttl").unwrap_or(client.access_token_ttl);
    client.authorization_code = fields.flag("authorization_code").unwrap_or(client.authorization_code);
    client.client_credentials = fields.flag("client_credentials").unwrap_or(client.client_credentials);
    let client_type = fields
        .given_text("client_type")
        .unwrap_or_else(|| if is_new { "confidential" } else { client.client_type() }.to_owned());
    if !is_new && client_type != client.client_type() {
        return Err(bad_request("client_type modification is not allowed"));
    }
    if client_type != "confidential" && client_type != "public" {
        return Err(bad_request(format!("invalid client_type {}", quoted(&client_type))));
    }
    if client.client_credentials && client_type != "confidential" {
        return Err(bad_request("client_credentials=true is only allowed for client_type=confidential"));
    }
    if is_new {
        client.client_id = context.random.alphanumeric(32);
        if client_type == "confidential" {
            client.client_secret = Some(format!("hvo_secret_{}", context.random.alphanumeric(64)));
        }
    }
    context.store.oidc.clients.insert(name, client);
    Ok(None)
}

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let client = context.store.oidc.clients.get(&fields.text("name"));
    Ok(client.map(|client| {
        let mut object = client.info();
        if let Some(secret) = &client.client_secret {
            object["client_secret"] = json!(secret);
        }
        object
    }))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    context.store.oidc.clients.remove(&fields.text("name"));
    Ok(None)
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    let clients = &context.store.oidc.clients;
    let infos = clients.iter().map(|(name, client)| (name.clone(), client.info())).collect();
    Ok(key_list(&clients.keys().cloned().collect::<Vec<_>>(), Some(infos)))
}
