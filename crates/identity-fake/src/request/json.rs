//! Decodes a JSON body as leniently as the server, in one pass.
//!
//! A second document is ignored if it is valid so far, invalid UTF-8 and unpaired surrogates become U+FFFD,
//! and the last of several equal names counts.

use serde_json::{Map, Number, Value};

use super::decode;

/// Arrays and objects can be nested this deep. The server allows 10,000 levels.
const MAX_DEPTH: usize = 500;
/// The limit on names and strings.
const MAX_STRINGS: usize = 1000;
/// The limit on the memory that the server estimates for a body.
const MAX_MEMORY: usize = 32 * 1024 * 1024 + 512 * 1024;

/// How numbers are decoded that `Number` would change, such as `1e5` and `1.0e0`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    AsNumber,
    /// As strings with the digits of the request, which handlers of typed fields treat alike.
    AsText,
}

/// Returns the fields of the first document, or the message of an error.
pub(super) fn decode(bytes: &[u8], numbers: Numbers) -> Result<Map<String, Value>, String> {
    let mut decoder = Decoder { bytes, at: 0, depth: 0, strings: 0, memory: 0, numbers };
    let message = |problem| match problem {
        Problem::Truncated => "failed to decode JSON input: unexpected EOF".to_owned(),
        Problem::Invalid => "failed to decode JSON input: invalid JSON".to_owned(),
        Problem::Limit(limit) => {
            format!("refused JSON input due to high complexity: exceeded maximum {limit}")
        }
    };
    if decoder.peek().is_none() {
        return Ok(Map::new());
    }
    let first = decoder.value().map_err(message)?;
    while decoder.peek().is_some() {
        match decoder.value() {
            Ok(_) => {}
            Err(Problem::Truncated) => break,
            Err(problem) => return Err(message(problem)),
        }
    }
    let kind = match first {
        Value::Object(fields) => return Ok(fields),
        Value::Null => return Ok(Map::new()),
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
    };
    let problem = format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
    Err(format!("failed to decode JSON input: {problem}"))
}

enum Problem {
    /// The input ends between two tokens, which is valid in the second document.
    Truncated,
    Invalid,
    Limit(&'static str),
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    strings: usize,
    memory: usize,
    numbers: Numbers,
}

impl<'a> Decoder<'a> {
    /// Skips blanks and returns the next byte.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !b" \t\r\n".contains(byte) {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn next(&mut self) -> Result<u8, Problem> {
        let byte = self.peek().ok_or(Problem::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    /// Skips the bytes that satisfy the predicate and returns them.
    fn take_while(&mut self, predicate: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !predicate(*byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Adds the estimate of a value to the memory.
    fn count(&mut self, bytes: usize) -> Result<(), Problem> {
        self.memory += 16 + bytes;
        if self.memory > MAX_MEMORY { Err(Problem::Limit("estimated memory limits")) } else { Ok(()) }
    }

    fn value(&mut self) -> Result<Value, Problem> {
        match self.next()? {
            b'{' => self.nested(72, Self::object),
            b'[' => self.nested(24, Self::array),
            b'"' => Ok(Value::String(self.string()?)),
            b't' => self.literal(b"rue", Value::Bool(true)),
            b'f' => self.literal(b"alse", Value::Bool(false)),
            b'n' => self.literal(b"ull", Value::Null),
            b'-' | b'0'..=b'9' => {
                self.at -= 1;
                self.number()
            }
            _ => Err(Problem::Invalid),
        }
    }

    fn nested(
        &mut self,
        memory: usize,
        decode: fn(&mut Self) -> Result<Value, Problem>,
    ) -> Result<Value, Problem> {
        self.count(memory)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::Invalid);
        }
        let value = decode(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, Problem> {
        let mut fields = Map::new();
        let mut byte = self.next()?;
        if byte == b'}' {
            return Ok(fields.into());
        }
        while byte == b'"' {
            let name = self.string()?;
            if self.next()? != b':' {
                return Err(Problem::Invalid);
            }
            let value = self.value()?;
            fields.insert(name, value);
            match self.next()? {
                b'}' => return Ok(fields.into()),
                b',' => byte = self.next()?,
                _ => break,
            }
        }
        Err(Problem::Invalid)
    }

    fn array(&mut self) -> Result<Value, Problem> {
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items.into());
        }
        loop {
            items.push(self.value()?);
            match self.next()? {
                b']' => return Ok(items.into()),
                b',' => {}
                _ => return Err(Problem::Invalid),
            }
        }
    }

    fn literal(&mut self, rest: &[u8], value: Value) -> Result<Value, Problem> {
        if !self.bytes.get(self.at..).is_some_and(|bytes| bytes.starts_with(rest)) {
            return Err(Problem::Invalid);
        }
        self.at += rest.len();
        self.count(1)?;
        Ok(value)
    }

    /// Decodes a string after its first quotation mark.
    fn string(&mut self) -> Result<String, Problem> {
        let mut decoded = String::new();
        loop {
            let plain = self.take_while(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            decoded.push_str(&decode::lossy(plain));
            let Some(byte) = self.bytes.get(self.at) else { return Err(Problem::Invalid) };
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => decoded.push(self.escape()?),
                _ => return Err(Problem::Invalid),
            }
        }
        self.count(16 + decoded.len())?;
        self.strings += 1;
        if self.strings > MAX_STRINGS {
            return Err(Problem::Limit("number of strings"));
        }
        Ok(decoded)
    }

    fn escape(&mut self) -> Result<char, Problem> {
        let byte = self.bytes.get(self.at).copied().ok_or(Problem::Invalid)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.code_unit().ok_or(Problem::Invalid)?;
                let before = self.at;
                let is_pair = (0xd800..0xdc00).contains(&unit) && self.skip(b'\\') && self.skip(b'u');
                let pair = is_pair.then(|| self.code_unit()).flatten().map(|low| [unit, low]);
                if let Some(char) = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok()) {
                    char
                } else {
                    self.at = before;
                    char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
            }
            _ => return Err(Problem::Invalid),
        })
    }

    /// Decodes four hexadecimal digits.
    fn code_unit(&mut self) -> Option<u16> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit: u16, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            Some(unit << 4 | u16::try_from(digit).ok()?)
        })
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let start = self.at;
        self.skip(b'-');
        let is_digit = |byte: u8| byte.is_ascii_digit();
        if !self.skip(b'0') && self.take_while(is_digit).is_empty() {
            return Err(Problem::Invalid);
        }
        if self.skip(b'.') && self.take_while(is_digit).is_empty() {
            return Err(Problem::Invalid);
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'+') || self.skip(b'-');
            if self.take_while(is_digit).is_empty() {
                return Err(Problem::Invalid);
            }
        }
        self.count(8)?;
        let digits = self.bytes.get(start..self.at).unwrap_or_default();
        let digits = std::str::from_utf8(digits).map_err(|_| Problem::Invalid)?;
        if let (Ok(number), true) = (digits.parse::<i64>(), digits != "-0") {
            return Ok(number.into());
        }
        // Infinite numbers are invalid, as on the server.
        let number = digits.parse().ok().and_then(Number::from_f64).ok_or(Problem::Invalid)?;
        let is_text = self.numbers == Numbers::AsText && number.to_string() != digits;
        Ok(if is_text { digits.into() } else { number.into() })
    }
}
