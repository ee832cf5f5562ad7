use http::StatusCode;

/// The meaning of an error response for a retry.
///
/// All patterns match whole messages, because servers repeat values of the request in them, and these must
/// not affect the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// The request was rejected and not applied. The same request fails again.
    Rejected,
    /// The request was not applied, and may succeed later.
    Unavailable,
    /// A standby or a sealed node did not forward the request. It sends the same response if it did forward
    /// the request and received no response, so the request may have been applied.
    NotForwarded,
    /// The request may have been applied, and may succeed later: the response of a gateway, or of a node that
    /// lost its leadership.
    Lost,
    /// The request may have been applied, and the error usually persists, such as an error of the storage or
    /// an audit device.
    Unclear,
}

/// Validation errors that the server sends with status 500, by their beginning and end. Two are missing
/// because the server may have changed something: deleting an MFA method through another type, and a merge.
const VALIDATION: [(&str, &str); 11] = [
    ("invalid entity ID \"", "\""),
    ("invalid member group ID \"", "\""),
    ("member group ID \"", "\" is same as the ID of the group"),
    ("invalid entity metadata: metadata cannot contain more than ", " key/value pairs"),
    ("invalid entity metadata: failed to load metadata pair (\"", ""),
    ("invalid group metadata: metadata cannot contain more than ", " key/value pairs"),
    ("invalid group metadata: failed to load metadata pair (\"", ""),
    ("custom_metadata validation failed: ", ""),
    ("invalid mount accessor \"", "\""),
    ("a login MFA method configuration with the method name ", " already exists"),
    ("methodID is still used by an enforcement configuration with ID: ", ""),
];

const UNKNOWN_MEMBERS: [(&str, &str); 2] =
    [("invalid entity ID \"", "\""), ("invalid member group ID \"", "\"")];

const WRONG_METHOD_TYPE: &str = "method ID does not match TOTP type";

const NO_ACTIVE_NODE: &str = "local node not active but active cluster node not found";

const SEALED: [&str; 2] = ["Vault is sealed", "OpenBao is sealed"];

/// The causes that a node reports if it loses its leadership during a write.
const LEADER_LOST: [&str; 2] = ["context canceled", "leadership lost while committing log"];

/// Classifies an error response by its status and, where the server itself has sent it, its messages.
pub(crate) fn disposition(status: StatusCode, messages: Option<&[String]>) -> Disposition {
    match (status.as_u16(), messages) {
        (412 | 425 | 429, _) => Disposition::Unavailable,
        (500, Some(messages)) => server_error(messages),
        (307, _) => Disposition::NotForwarded,
        (503, Some([message])) if is_sealed(message) => Disposition::NotForwarded,
        // 501 and 505 are likely to persist.
        (501 | 505, _) => Disposition::Unclear,
        // 522 too: Cloudflare sends it if the server did not accept the connection, but also if the server
        // did not acknowledge the request.
        (408 | 499 | 500.., _) => Disposition::Lost,
        _ => Disposition::Rejected,
    }
}

fn server_error(messages: &[String]) -> Disposition {
    let [message] = messages else { return Disposition::Unclear };
    if message == NO_ACTIVE_NODE {
        return Disposition::NotForwarded;
    }
    let message = strip_list(message);
    let is_validation =
        |(start, end): &(&str, &str)| message.strip_prefix(start).is_some_and(|rest| rest.ends_with(end));
    if message == WRONG_METHOD_TYPE || VALIDATION.iter().any(is_validation) {
        return Disposition::Rejected;
    }
    let is_leader_lost = |cause: &&str| {
        message.strip_suffix(cause).is_some_and(|context| {
            context.is_empty() || (context.starts_with("failed to ") && context.ends_with(": "))
        })
    };
    if LEADER_LOST.iter().any(is_leader_lost) { Disposition::Lost } else { Disposition::Unclear }
}

pub(crate) fn is_sealed(message: &str) -> bool {
    SEALED.contains(&message.trim_end())
}

pub(crate) fn has_no_active_node(status: StatusCode, messages: Option<&[String]>) -> bool {
    status == StatusCode::INTERNAL_SERVER_ERROR
        && messages.is_some_and(|messages| matches!(messages, [message] if message == NO_ACTIVE_NODE))
}

pub(crate) fn is_index_rejected(status: StatusCode, messages: &[String]) -> bool {
    status == StatusCode::BAD_REQUEST
        && messages.first().is_some_and(|message| message.starts_with(r#"failed to decode "X-Vault-Index""#))
}

pub(crate) fn unknown_member_id(messages: &[String]) -> Option<&str> {
    let [message] = messages else { return None };
    let message = strip_list(message);
    UNKNOWN_MEMBERS.iter().find_map(|(start, end)| message.strip_prefix(start)?.strip_suffix(end))
}

/// Strips the list of one element that the server's backends put around a message.
fn strip_list(message: &str) -> &str {
    message.strip_prefix("1 error occurred:\n\t* ").map_or(message, |rest| rest.trim_end_matches('\n'))
}
