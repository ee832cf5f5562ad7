//! Validates the address of Okta with the messages of Go's URL parser.

use crate::response::quoted;

/// Fails if the address is invalid. The server joins the parts with a comma.
pub(super) fn check(org_name: &str, base_url: &str) -> Result<(), String> {
    let url = format!("https://{org_name},{base_url}");
    let (before, fragment) = url.split_once('#').unwrap_or((&url, ""));
    let fail = |url: &str, problem: String| {
        Err(format!("error parsing given base_url: parse {}: {problem}", quoted(url)))
    };
    if let Err(problem) = check_parts(before) {
        return fail(before, problem);
    }
    check_escapes(fragment).or_else(|problem| fail(&url, problem))
}

fn check_parts(url: &str) -> Result<(), String> {
    if url.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let url = url.split('?').next().unwrap_or_default();
    let url = url.strip_prefix("https://").unwrap_or(url);
    let (authority, path) = url.split_once('/').unwrap_or((url, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    check_host(host)?;
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(char);
    if !user.chars().all(is_allowed) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    check_escapes(user)?;
    check_escapes(path)
}

fn check_host(host: &str) -> Result<(), String> {
    if host.contains('[') {
        return Err("invalid IP-literal".to_owned());
    }
    if let Some(colon) = host.find(':') {
        let port = &host[colon..];
        if !port[1..].bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("invalid port {} after host", quoted(port)));
        }
    }
    check_escapes(host)?;
    // A host may only contain escaped non-ASCII characters and `%25`.
    let escapes = host.match_indices('%').map(|(at, _)| &host[at..at + 3]);
    if let Some(escape) =
        escapes.into_iter().find(|escape| *escape != "%25" && (b'0'..b'8').contains(&escape.as_bytes()[1]))
    {
        return Err(format!("invalid URL escape {}", quoted(escape)));
    }
    match host.chars().find(|char| " {}|\\^`".contains(*char)) {
        Some(char) => Err(format!("invalid character {} in host name", quoted(&char.to_string()))),
        None => Ok(()),
    }
}

fn check_escapes(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('%') {
        let escape: String = text[at..].chars().take(3).collect();
        if escape.len() != 3 || !escape[1..].bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("invalid URL escape {}", quoted(&escape)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn addresses_are_validated_like_the_server() {
        for (base_url, problem) in [
            ("okta.com", None),
            ("a:80", None),
            ("a%25b", None),
            ("u@a", None),
            ("a?x y", None),
            ("a#x y", None),
            ("a]", None),
            ("a/b c", None),
            ("a%C3%A9", None),
            ("a\"<>", None),
            ("a b", Some("invalid character \" \" in host name")),
            ("a:80:90", Some("invalid port \":80:90\" after host")),
            ("a/%zz", Some("invalid URL escape \"%zz\"")),
            ("a%20b", Some("invalid URL escape \"%20\"")),
            ("u v@a", Some("net/url: invalid userinfo")),
            ("a\u{1}", Some("net/url: invalid control character in URL")),
            ("a#%zz", Some("invalid URL escape \"%zz\"")),
            ("[::1", Some("invalid IP-literal")),
            ("a%", Some("invalid URL escape \"%\"")),
            ("u%zz@a", Some("invalid URL escape \"%zz\"")),
            ("a\\b", Some("invalid character \"\\\\\" in host name")),
        ] {
            let found = check("rec", base_url).err();
            let found = found.as_ref().and_then(|found| found.split_once("\": ")).map(|(_, problem)| problem);
            assert_eq!(found, problem, "{base_url}");
        }
    }
}
