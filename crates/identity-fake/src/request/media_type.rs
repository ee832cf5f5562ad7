//! Parses a media type such as `application/json; charset=utf-8`.

/// Returns the type in lower case, without its parameters.
pub(super) fn parse(text: &str) -> Result<String, &'static str> {
    let (base, parameters) = text.split_at(text.find(';').unwrap_or(text.len()));
    let base = base.trim().to_lowercase();
    let (kind, rest) = split_token(&base);
    if kind.is_empty() {
        return Err("mime: no media type");
    }
    if !rest.is_empty() {
        let subtype = rest.strip_prefix('/').ok_or("mime: expected slash after first token")?;
        match split_token(subtype) {
            ("", _) => return Err("mime: expected token after slash"),
            (_, "") => {}
            _ => return Err("mime: unexpected content after media subtype"),
        }
    }
    check_parameters(parameters)?;
    Ok(base)
}

fn check_parameters(text: &str) -> Result<(), &'static str> {
    let mut rest = text.trim_start();
    let mut known: Vec<(String, &str)> = Vec::new();
    while !rest.is_empty() {
        let Some((name, value, after)) = parameter(rest) else {
            return if rest.trim() == ";" { Ok(()) } else { Err("mime: invalid media parameter") };
        };
        let name = name.to_lowercase();
        if known.iter().any(|(other, before)| *other == name && *before != value) {
            return Err("mime: duplicate parameter name");
        }
        known.push((name, value));
        rest = after.trim_start();
    }
    Ok(())
}

/// Splits `; name=value` off. The value keeps its escapes.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = split_token(text.strip_prefix(';')?.trim_start());
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    if name.is_empty() {
        return None;
    }
    let Some(quoted) = rest.strip_prefix('"') else {
        let (value, rest) = split_token(rest);
        return (!value.is_empty()).then_some((name, value, rest));
    };
    let mut is_escaped = false;
    let end = quoted.find(|char| {
        let is_end = char == '"' && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
        is_end
    })?;
    Some((name, quoted.get(..end)?, quoted.get(end + 1..)?))
}

fn split_token(text: &str) -> (&str, &str) {
    let is_token = |char: char| char.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(char);
    text.split_at(text.find(|char| !is_token(char)).unwrap_or(text.len()))
}
