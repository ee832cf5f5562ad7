//! Parses JSON objects with the error messages of Go.

use serde_json::{Map, Value};

use super::super::response::quoted;

/// Parses an object. `null` is the empty object.
pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let kind = match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => return Ok(object),
        Ok(Value::Null) => return Ok(Map::new()),
        Ok(Value::Array(_)) => "array",
        Ok(Value::String(_)) => "string",
        Ok(Value::Number(_)) => "number",
        Ok(Value::Bool(_)) => "bool",
        Err(_) => return Err(go_error(bytes)),
    };
    Err(format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"))
}

fn go_error(bytes: &[u8]) -> String {
    let mut reader = Reader { bytes, at: 0 };
    let read = reader.value(0).and_then(|()| {
        reader.skip_whitespace();
        if reader.at < bytes.len() { Err(reader.unexpected("after top-level value")) } else { Ok(()) }
    });
    read.err().unwrap_or_else(|| "unexpected end of JSON input".to_owned())
}

/// Finds the first syntax error, for which `serde_json` has another message.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Read = Result<(), String>;

const MAX_DEPTH: usize = 100;

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Returns the error for an unexpected character or end.
    fn unexpected(&self, place: &str) -> String {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(first) = rest.first() else { return "unexpected end of JSON input".to_owned() };
        let valid = rest.utf8_chunks().next().map(|chunk| chunk.valid()).unwrap_or_default();
        let char = match valid.chars().next() {
            Some('\'') => "\\'".to_owned(),
            Some('"') => "\"".to_owned(),
            Some(char) => quoted(&char.to_string()).trim_matches('"').to_owned(),
            None => format!("\\x{first:02x}"),
        };
        format!("invalid character '{char}' {place}")
    }

    fn value(&mut self, depth: usize) -> Read {
        self.skip_whitespace();
        match self.peek() {
            _ if depth > MAX_DEPTH => Err("exceeded max depth".to_owned()),
            Some(b'{') => self.members(depth),
            Some(b'[') => self.elements(depth),
            Some(b'"') => self.string(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn members(&mut self, depth: usize) -> Read {
        self.at += 1;
        self.skip_whitespace();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_whitespace();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            self.string()?;
            self.skip_whitespace();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.value(depth + 1)?;
            if self.ends(b'}', "after object key:value pair")? {
                return Ok(());
            }
        }
    }

    fn elements(&mut self, depth: usize) -> Read {
        self.at += 1;
        self.skip_whitespace();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if self.ends(b']', "after array element")? {
                return Ok(());
            }
        }
    }

    /// Returns `true` if the end comes next, `false` if a comma does.
    fn ends(&mut self, end: u8, place: &str) -> Result<bool, String> {
        self.skip_whitespace();
        match self.peek() {
            Some(b',') => self.at += 1,
            Some(byte) if byte == end => {
                self.at += 1;
                return Ok(true);
            }
            _ => return Err(self.unexpected(place)),
        }
        Ok(false)
    }

    fn literal(&mut self, word: &str) -> Read {
        for expected in word.chars() {
            if self.peek().map(char::from) != Some(expected) {
                return Err(self.unexpected(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn digits(&mut self) -> Read {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected("in numeric literal"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Read {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn string(&mut self) -> Read {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) | None => return Err(self.unexpected("in string")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Read {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = match rest.get(1) {
            Some(b'u') => 6,
            Some(_) => 2,
            None => return Err("unexpected end of JSON input".to_owned()),
        };
        let escape = rest.get(..length).ok_or("unexpected end of JSON input")?;
        let is_good = match escape {
            [_, b'u', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
            [_, byte] => b"\"\\/bfnrt".contains(byte),
            _ => false,
        };
        if !is_good {
            let escape = String::from_utf8_lossy(escape);
            return Err(format!("invalid escape sequence `{escape}` in string"));
        }
        self.at += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn errors_match_the_server() {
        for (text, go_error) in [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("x", "invalid character 'x' looking for beginning of value"),
            ("[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
            ("12", "json: cannot unmarshal number into Go value of type map[string]interface {}"),
            ("{not json", "invalid character 'n' looking for beginning of object key string"),
            ("{\"a\":01}", "invalid character '1' after object key:value pair"),
            ("{\"a\":tru}", "invalid character '}' in literal true (expecting 'e')"),
            ("{\"a\":\"x\ny\"}", "invalid character '\\n' in string"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("{\"a\":[1 2]}", "invalid character '2' after array element"),
            ("{\"a\":\"\\x\"}", "invalid escape sequence `\\x` in string"),
            ("{\"a\":\"\\u12g\"}", "invalid escape sequence `\\u12g\"` in string"),
            ("{\"a\":-}", "invalid character '}' in numeric literal"),
            ("{\"a\":1ex}", "invalid character 'x' in numeric literal"),
            ("{\"a\":é}", "invalid character 'é' looking for beginning of value"),
            ("{\"a\":\u{a0}}", "invalid character '\\u00a0' looking for beginning of value"),
            ("{\"a\":'}", "invalid character '\\'' looking for beginning of value"),
        ] {
            assert_eq!(read(text.as_bytes()).err().as_deref(), Some(go_error), "{text}");
        }
        assert_eq!(
            read(b"\x9e\xe9e").err().as_deref(),
            Some("invalid character '\\x9e' looking for beginning of value")
        );
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
        assert!(read(b"{\"a\":[1,true,null,\"\\u00e9\"]}").is_ok());
    }
}
