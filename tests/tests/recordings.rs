//! Parses every recorded response of a real server with its operation, and checks that no data is lost or
//! added.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use http::Response;
use identity_core::legacy;
use identity_core::prelude::*;
use identity_core::test_response::EncodeResponse;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

/// The operation of a recording, and the endpoint that parses its response. For an unwrapped response, the
/// case names the endpoint.
macro_rules! table {
    ($($operation:literal $endpoint:ty;)*) => {
        &[$(($operation, Row::of::<$endpoint>())),*]
    };
}

const ROWS: &[(&str, Row)] = table! {
    "entity-create"                            CreateEntity;
    "entity-read-by-id"                        ReadEntityById;
    "entity-update-by-id"                      UpdateEntityById;
    "entity-delete-by-id"                      DeleteEntityById;
    "entity-list-by-id"                        ListEntities;
    "entity-update-by-name"                    WriteEntityByName;
    "entity-read-by-name"                      ReadEntityByName;
    "entity-delete-by-name"                    DeleteEntityByName;
    "entity-list-by-name"                      ListEntityNames;
    "entity-merge"                             MergeEntities;
    "entity-batch-delete"                      BatchDeleteEntities;
    "entity-look-up"                           LookupEntity;
    "entity-create-alias"                      CreateEntityAlias;
    "entity-read-alias-by-id"                  ReadEntityAliasById;
    "entity-update-alias-by-id"                UpdateEntityAliasById;
    "entity-delete-alias-by-id"                DeleteEntityAliasById;
    "entity-list-aliases-by-id"                ListEntityAliases;
    "group-create"                             CreateGroup;
    "group-read-by-id"                         ReadGroupById;
    "group-update-by-id"                       UpdateGroupById;
    "group-delete-by-id"                       DeleteGroupById;
    "group-list-by-id"                         ListGroups;
    "group-update-by-name"                     WriteGroupByName;
    "group-read-by-name"                       ReadGroupByName;
    "group-delete-by-name"                     DeleteGroupByName;
    "group-list-by-name"                       ListGroupNames;
    "group-look-up"                            LookupGroup;
    "group-create-alias"                       CreateGroupAlias;
    "group-read-alias-by-id"                   ReadGroupAliasById;
    "group-update-alias-by-id"                 UpdateGroupAliasById;
    "group-delete-alias-by-id"                 DeleteGroupAliasById;
    "group-list-aliases-by-id"                 ListGroupAliases;
    "oidc-configure"                           WriteOidcConfig;
    "oidc-read-configuration"                  ReadOidcConfig;
    "oidc-write-key"                           WriteOidcKey;
    "oidc-read-key"                            ReadOidcKey;
    "oidc-delete-key"                          DeleteOidcKey;
    "oidc-list-keys"                           ListOidcKeys;
    "oidc-rotate-key"                          RotateOidcKey;
    "oidc-write-role"                          WriteOidcRole;
    "oidc-read-role"                           ReadOidcRole;
    "oidc-delete-role"                         DeleteOidcRole;
    "oidc-list-roles"                          ListOidcRoles;
    "oidc-generate-token"                      GenerateIdToken;
    "oidc-introspect"                          IntrospectIdToken;
    "oidc-read-open-id-configuration"          ReadDiscovery;
    "oidc-read-public-keys"                    ReadJwks;
    "oidc-write-assignment"                    WriteOidcAssignment;
    "oidc-read-assignment"                     ReadOidcAssignment;
    "oidc-delete-assignment"                   DeleteOidcAssignment;
    "oidc-list-assignments"                    ListOidcAssignments;
    "auth-list-enabled-methods"                ListAuthMounts;
    "internal-ui-list-enabled-visible-mounts"  ListVisibleMounts;
    "auth-read-configuration"                  ReadAuthMount;
    "auth-enable-method"                       EnableAuthMount;
    "auth-disable-method"                      DisableAuthMount;
    "auth-tune-configuration-parameters"       TuneAuthMount;
    "auth-read-tuning-information"             ReadAuthMountTuning;
    "policies-write-acl-policy"                WritePolicy;
    "policies-read-acl-policy"                 ReadPolicy;
    "policies-delete-acl-policy"               DeletePolicy;
    "policies-list-acl-policies"               ListPolicies;
    "oidc-write-scope"                         WriteOidcScope;
    "oidc-read-scope"                          ReadOidcScope;
    "oidc-delete-scope"                        DeleteOidcScope;
    "oidc-list-scopes"                         ListOidcScopes;
    "oidc-write-client"                        WriteOidcClient;
    "oidc-read-client"                         ReadOidcClient;
    "oidc-delete-client"                       DeleteOidcClient;
    "oidc-list-clients"                        ListOidcClients;
    "oidc-write-provider"                      WriteOidcProvider;
    "oidc-read-provider"                       ReadOidcProvider;
    "oidc-delete-provider"                     DeleteOidcProvider;
    "oidc-list-providers"                      ListOidcProviders;
    "oidc-read-provider-open-id-configuration" ReadProviderDiscovery;
    "oidc-read-provider-public-keys"           ReadProviderJwks;
    "oidc-provider-authorize"                  AuthorizeOidc;
    "oidc-provider-authorize-with-parameters"  AuthorizeOidcByPost;
    "oidc-provider-token"                      ExchangeOidcToken;
    "oidc-provider-user-info"                  ReadUserInfo;
    "oidc-provider-user-info2"                 ReadUserInfoByPost;
    "mfa-read-method-configuration"            ReadMfaMethod;
    "mfa-list-methods"                         ListMfaMethods;
    "mfa-create-totp-method"                   CreateTotpMethod;
    "mfa-read-totp-method-configuration"       ReadTotpMethod;
    "mfa-configure-totp-method"                UpdateTotpMethod;
    "mfa-delete-totp-method"                   DeleteTotpMethod;
    "mfa-list-totp-methods"                    ListTotpMethods;
    "mfa-create-okta-method"                   CreateOktaMethod;
    "mfa-read-okta-method-configuration"       ReadOktaMethod;
    "mfa-configure-okta-method"                UpdateOktaMethod;
    "mfa-delete-okta-method"                   DeleteOktaMethod;
    "mfa-list-okta-methods"                    ListOktaMethods;
    "mfa-create-duo-method"                    CreateDuoMethod;
    "mfa-read-duo-method-configuration"        ReadDuoMethod;
    "mfa-configure-duo-method"                 UpdateDuoMethod;
    "mfa-delete-duo-method"                    DeleteDuoMethod;
    "mfa-list-duo-methods"                     ListDuoMethods;
    "mfa-create-ping-id-method"                CreatePingIdMethod;
    "mfa-read-ping-id-method-configuration"    ReadPingIdMethod;
    "mfa-configure-ping-id-method"             UpdatePingIdMethod;
    "mfa-delete-ping-id-method"                DeletePingIdMethod;
    "mfa-list-ping-id-methods"                 ListPingIdMethods;
    "mfa-generate-totp-secret"                 GenerateTotpSecret;
    "mfa-admin-generate-totp-secret"           AdminGenerateTotpSecret;
    "mfa-admin-destroy-totp-secret"            AdminDestroyTotpSecret;
    "mfa-write-login-enforcement"              WriteLoginEnforcement;
    "mfa-read-login-enforcement"               ReadLoginEnforcement;
    "mfa-delete-login-enforcement"             DeleteLoginEnforcement;
    "mfa-list-login-enforcements"              ListLoginEnforcements;
    "alias-create"                             legacy::CreateAlias;
    "alias-read-by-id"                         legacy::ReadAlias;
    "alias-update-by-id"                       legacy::UpdateAlias;
    "alias-delete-by-id"                       legacy::DeleteAlias;
    "alias-list-by-id"                         legacy::ListAliases;
    "persona-create"                           legacy::CreatePersona;
    "persona-read-by-id"                       legacy::ReadPersona;
    "persona-update-by-id"                     legacy::UpdatePersona;
    "persona-delete-by-id"                     legacy::DeletePersona;
    "persona-list-by-id"                       legacy::ListPersonas;
    "wrapping-lookup"                          LookupWrappingToken;
    "unwrap-with-token-header"                 UnwrapResponse<ReadEntityById>;
    "unwrap-with-token-in-body"                UnwrapResponse<CreateEntity>;
    "unwrap-twice"                             UnwrapResponse<ReadEntityById>;
    "unwrap-list"                              UnwrapResponse<ListEntities>;
    "unwrap-introspect"                        UnwrapResponse<IntrospectIdToken>;
    "unwrap-discovery-is-raw-again"            UnwrapResponse<ReadDiscovery>;
};

/// Operations without an endpoint, with the number of their recordings.
const WITHOUT_ENDPOINT: &[(&str, usize)] = &[
    ("health", 4),
    ("mfa-validate", 3),
    ("mounts-enable-secrets-engine", 1),
    ("namespaces-delete", 1),
    ("namespaces-write", 1),
    // Paths that do not exist.
    ("unknown", 4),
    ("userpass-login", 3),
];

/// Rows of other engines.
const SUPPORTING: &[&str] = &["auth-", "internal-ui-", "policies-", "unwrap-", "wrapping-lookup"];

#[derive(Deserialize)]
struct Recording {
    operation: String,
    case: String,
    request: Request,
    response: RecordedResponse,
}

#[derive(Deserialize)]
struct Request {
    path: String,
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RecordedResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

fn recordings() -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings");
    let files =
        |folder: &Path| fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let mut paths: Vec<_> = files(&folder).flat_map(|area| files(&area).collect::<Vec<_>>()).collect();
    paths.sort();
    let read = |path| serde_json::from_slice(&fs::read(path).expect("a file")).expect("a recording");
    paths.into_iter().map(read).collect()
}

impl Recording {
    /// Returns the name of its row. The server's document has no name for the create of MFA methods.
    fn row(&self) -> String {
        match self.operation.strip_prefix("mfa-configure-") {
            _ if self.operation == "unwrap" => self.case.clone(),
            Some(method) if self.request.path.matches('/').count() == 5 => format!("mfa-create-{method}"),
            _ => self.operation.clone(),
        }
    }

    /// Returns the recorded response.
    fn response(&self) -> Response<Vec<u8>> {
        let body = if self.response.body.is_null() { String::new() } else { self.response.body.to_string() };
        let mut response = Response::builder().status(self.response.status);
        for (name, value) in &self.response.headers {
            response = response.header(name, value);
        }
        response.body(body.into_bytes()).expect("a response")
    }

    /// Returns the error messages.
    fn errors(&self) -> Vec<String> {
        Vec::deserialize(&self.response.body["errors"]).unwrap_or_default()
    }

    /// Returns `true` if the response means "not found" by status and body.
    fn is_not_found(&self) -> bool {
        self.response.status == 404
            && (self.response.body == json!({ "errors": [] })
                || self.is_wrapped() && self.errors() == ["unsupported path"])
    }

    fn is_wrapped(&self) -> bool {
        self.request.headers.contains_key("X-Vault-Wrap-TTL")
    }
}

/// How an endpoint parses a response.
struct Row {
    /// Parses the response, and serializes the result.
    parse: Parse,
    /// Does the same for a wrapped response.
    wrapped: Parse,
    /// Returns `true` if `Maybe` returns `None`.
    absent: fn(&Response<Vec<u8>>) -> bool,
    /// Parses the metadata of the response.
    meta: fn(&Response<Vec<u8>>) -> Result<Meta, Error>,
}

type Parse = fn(&Response<Vec<u8>>) -> Result<Value, Error>;

impl Row {
    const fn of<E: EncodeResponse>() -> Self {
        Self {
            parse: parse::<E>,
            wrapped: parse::<Wrap<E>>,
            absent: |response| matches!(Maybe::<E>::parse_response(response), Ok(None)),
            meta: |response| WithMeta::<Wrap<E>>::parse_response(response).map(|(_, meta)| meta),
        }
    }
}

fn parse<E: EncodeResponse>(response: &Response<Vec<u8>>) -> Result<Value, Error> {
    let once = E::encode_response(&E::parse_response(response)?);
    let twice = E::encode_response(&E::parse_response(&once)?);
    assert_eq!(
        (once.status(), once.body()),
        (twice.status(), twice.body()),
        "what is written is read as the same"
    );
    Ok(serde_json::from_slice(once.body()).unwrap_or_default())
}

/// Returns the body without its envelope and without empty values: the server uses `null`, `""`, `[]` and
/// `{}` interchangeably.
fn content(body: &Value) -> Value {
    without_empty_values(if body.get("request_id").is_some() {
        json!({ "data": body["data"], "wrap_info": body["wrap_info"] })
    } else if body.get("errors").is_some() {
        Value::Null
    } else {
        body.clone()
    })
}

fn without_empty_values(value: Value) -> Value {
    let value = match value {
        Value::Array(values) => values.into_iter().map(without_empty_values).collect(),
        Value::Object(mut fields) => {
            // The server omits it for a group's alias.
            if fields.get("local") == Some(&json!(false)) {
                fields.remove("local");
            }
            let fields = fields.into_iter().map(|(name, value)| (name, without_empty_values(value)));
            fields.filter(|(_, value)| !value.is_null()).collect()
        }
        other => other,
    };
    let nothing = [json!(""), json!([]), json!({})];
    if nothing.contains(&value) { Value::Null } else { value }
}

fn check(recording: &Recording, row: &Row) {
    let case = format!("{} {}", recording.operation, recording.case);
    let response = recording.response();
    let parse = if recording.is_wrapped() { row.wrapped } else { row.parse };
    let status = recording.response.status;

    assert_eq!(
        (row.absent)(&response),
        recording.response.body == json!({ "errors": [] }) && status == 404,
        "{case}"
    );
    let empty_list = recording.is_not_found() && recording.operation.contains("-list-");
    if response.status().is_success() || empty_list {
        let parsed = parse(&response).unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert_eq!(content(&parsed), content(&recording.response.body), "{case}");

        let meta = (row.meta)(&response).expect(&case);
        let body = &recording.response.body;
        assert_eq!(
            meta.request_id.unwrap_or_default(),
            body["request_id"].as_str().unwrap_or_default(),
            "{case}"
        );
        assert_eq!(
            meta.warnings,
            Vec::<String>::deserialize(&body["warnings"]).unwrap_or_default(),
            "{case}"
        );
        return;
    }

    let error = parse(&response).expect_err(&case);
    let api = error.api().expect(&case);
    assert_eq!((api.status().as_u16(), api.errors()), (status, &*recording.errors()), "{case}");
    let conflicts = recording.response.body.get("data").cloned().unwrap_or_else(|| json!([]));
    assert_eq!(serde_json::to_value(api.conflicts()).expect(&case), conflicts, "{case}");
    let oauth = serde_json::to_value(api.oauth()).expect(&case);
    let written =
        if recording.response.body.get("error").is_some() { &recording.response.body } else { &Value::Null };
    assert_eq!(without_empty_values(oauth), without_empty_values(written.clone()), "{case}");
    let retry_after = api.retry_after().map(|after| match after {
        RetryAfter::Delay(delay) => delay.as_secs().to_string(),
        other => panic!("{other:?}"),
    });
    assert_eq!(retry_after.as_ref(), recording.response.headers.get("retry-after"), "{case}");
    assert_eq!(
        [error.is_not_found(), error.is_permission_denied(), error.is_rate_limited(), error.is_sealed()],
        [recording.is_not_found(), status == 403, status == 429, status == 503],
        "{case}"
    );
}

#[test]
fn recorded_responses_are_parsed_completely() {
    let rows: BTreeMap<_, _> = ROWS.iter().map(|(operation, row)| (*operation, row)).collect();
    for endpoint in ENDPOINTS {
        assert!(rows.contains_key(endpoint.operation), "{} has no row", endpoint.operation);
    }
    let mut counts: BTreeMap<_, _> = rows.keys().map(|row| (*row, 0)).collect();
    let mut skipped: BTreeMap<_, _> = WITHOUT_ENDPOINT.iter().map(|(operation, _)| (*operation, 0)).collect();
    for recording in recordings() {
        let operation = recording.row();
        let count = skipped.get_mut(&*operation).or_else(|| counts.get_mut(&*operation));
        *count.unwrap_or_else(|| panic!("{operation} has no row")) += 1;
        if let Some(row) = rows.get(&*operation) {
            check(&recording, row);
        }
    }
    for (operation, count) in &counts {
        println!("{count:4} {operation}");
    }
    assert!(counts.values().all(|count| *count > 0), "{counts:?}");
    assert_eq!(skipped, WITHOUT_ENDPOINT.iter().copied().collect());
    let is_supporting = |row: &str| SUPPORTING.iter().any(|start| row.starts_with(start));
    let (supporting, of_the_engine): (Vec<_>, Vec<_>) =
        counts.iter().partition(|(row, _)| is_supporting(row));
    let sum = |counts: Vec<(&&str, &usize)>| counts.into_iter().map(|(_, count)| count).sum::<usize>();
    assert_eq!((sum(of_the_engine), sum(supporting)), (887, 46));
}

/// Creates a request with a value in its path.
type ByPath = fn(String, &Target) -> Result<http::Request<identity_core::bytes::Bytes>, Error>;

/// Operations with nothing but a path.
const BY_PATH: &[(&str, ByPath)] = &[
    ("entity-read-by-id", |id, target| ReadEntityById::new(id).request(target)),
    ("entity-delete-by-id", |id, target| DeleteEntityById::new(id).request(target)),
    ("entity-read-by-name", |name, target| ReadEntityByName::new(name).request(target)),
    ("entity-delete-by-name", |name, target| DeleteEntityByName::new(name).request(target)),
    ("entity-read-alias-by-id", |id, target| ReadEntityAliasById::new(id).request(target)),
    ("entity-delete-alias-by-id", |id, target| DeleteEntityAliasById::new(id).request(target)),
    ("group-read-by-id", |id, target| ReadGroupById::new(id).request(target)),
    ("group-delete-by-id", |id, target| DeleteGroupById::new(id).request(target)),
    ("group-read-by-name", |name, target| ReadGroupByName::new(name).request(target)),
    ("group-delete-by-name", |name, target| DeleteGroupByName::new(name).request(target)),
    ("group-read-alias-by-id", |id, target| ReadGroupAliasById::new(id).request(target)),
    ("group-delete-alias-by-id", |id, target| DeleteGroupAliasById::new(id).request(target)),
    ("oidc-read-key", |name, target| ReadOidcKey::new(name).request(target)),
    ("oidc-delete-key", |name, target| DeleteOidcKey::new(name).request(target)),
    ("oidc-read-role", |name, target| ReadOidcRole::new(name).request(target)),
    ("oidc-delete-role", |name, target| DeleteOidcRole::new(name).request(target)),
    ("oidc-read-assignment", |name, target| ReadOidcAssignment::new(name).request(target)),
    ("oidc-delete-assignment", |name, target| DeleteOidcAssignment::new(name).request(target)),
    ("oidc-read-scope", |name, target| ReadOidcScope::new(name).request(target)),
    ("oidc-delete-scope", |name, target| DeleteOidcScope::new(name).request(target)),
    ("oidc-read-client", |name, target| ReadOidcClient::new(name).request(target)),
    ("oidc-delete-client", |name, target| DeleteOidcClient::new(name).request(target)),
    ("oidc-read-provider", |name, target| ReadOidcProvider::new(name).request(target)),
    ("oidc-delete-provider", |name, target| DeleteOidcProvider::new(name).request(target)),
    ("mfa-read-login-enforcement", |name, target| ReadLoginEnforcement::new(name).request(target)),
    ("mfa-delete-login-enforcement", |name, target| DeleteLoginEnforcement::new(name).request(target)),
    ("oidc-generate-token", |role, target| GenerateIdToken::new(role).request(target)),
];

#[test]
fn recorded_paths_are_reproduced() {
    let target = Target::new("http://127.0.0.1:8200").unwrap();
    let mut same = 0;
    for recording in recordings() {
        let Some((_, request)) = BY_PATH.iter().find(|(operation, _)| *operation == recording.operation)
        else {
            continue;
        };
        let path = &recording.request.path;
        if !path.starts_with("/v1/identity/") {
            continue;
        }
        let text = path.rsplit_once('/').expect("a path").1;
        let text = percent_decode_str(text).decode_utf8().expect("UTF-8");
        match request(text.into_owned(), &target) {
            Ok(request) if request.uri().path() == path => same += 1,
            Ok(request) => panic!("{path} became {}", request.uri()),
            Err(_) => {
                assert!(recording.response.status >= 400, "{path} is rejected, but the server accepts it");
            }
        }
    }
    assert_eq!(same, 195);
}
