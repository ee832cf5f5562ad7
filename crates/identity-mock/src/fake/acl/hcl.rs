//! The part of HCL, version 1, that policies are written in: blocks, assignments, texts, lists and comments. JSON is read into the same.

use std::iter::Peekable;
use std::str::CharIndices;

use serde_json::Value;

/// A block or an assignment: `path "a" { … }` has the keys `path` and `a`.
pub(super) struct Item {
    pub(super) keys: Vec<String>,
    pub(super) line: usize,
    /// Where the value begins, as errors say it.
    pub(super) at: String,
    pub(super) value: Node,
}

pub(super) enum Node {
    /// A text, a number or a word.
    Literal(String),
    List(Vec<Node>),
    Object(Vec<Item>),
}

/// What is written, or what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Vec<Item>, String> {
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(fields.into_iter().flat_map(of_json).collect()),
            Ok(_) => Err("illegal char".to_owned()),
            Err(error) => Err(format!("{}:{}: illegal char", error.line(), error.column())),
        };
    }
    let mut parser = Parser { tokens: Tokens::new(text), next: None };
    let items = parser.items()?;
    match parser.take()? {
        (Token::End, _) => Ok(items),
        (token, at) => {
            Err(at.error(&format!("expected: IDENT | STRING | ASSIGN | LBRACE got: {}", token.kind())))
        }
    }
}

/// An object of objects is so many blocks, each with one more key, and so is a list of objects.
fn of_json((key, value): (String, Value)) -> Vec<Item> {
    let item = |keys, value| Item { keys, line: 1, at: "At -".to_owned(), value };
    let objects: Vec<_> = match value {
        Value::Object(fields) => vec![fields],
        Value::Array(ref items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            items.iter().filter_map(Value::as_object).cloned().collect()
        }
        other => return vec![item(vec![key], node(other))],
    };
    let blocks = objects.into_iter().flatten();
    blocks.map(|(label, body)| item(vec![key.clone(), label], node(body))).collect()
}

fn node(value: Value) -> Node {
    match value {
        Value::String(text) => Node::Literal(text),
        Value::Array(items) => Node::List(items.into_iter().map(node).collect()),
        Value::Object(fields) => {
            let item =
                |(key, value)| Item { keys: vec![key], line: 1, at: "At -".to_owned(), value: node(value) };
            Node::Object(fields.into_iter().map(item).collect())
        }
        other => Node::Literal(other.to_string()),
    }
}

#[derive(PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(String),
    Sign(char),
    End,
}

impl Token {
    fn kind(&self) -> &'static str {
        match self {
            Self::Word(_) => "IDENT",
            Self::Text(_) => "STRING",
            Self::Number(_) => "NUMBER",
            Self::Sign('{') => "LBRACE",
            Self::Sign('}') => "RBRACE",
            Self::Sign('[') => "LBRACK",
            Self::Sign(']') => "RBRACK",
            Self::Sign(',') => "COMMA",
            Self::Sign(_) => "ASSIGN",
            Self::End => "EOF",
        }
    }
}

#[derive(Clone, Copy)]
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    fn error(self, problem: &str) -> String {
        format!("{self}: {problem}")
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "At {}:{}", self.line, self.column)
    }
}

struct Tokens<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    place: Place,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, chars: text.char_indices().peekable(), place: Place { line: 1, column: 1 } }
    }

    fn bump(&mut self) -> Option<char> {
        let (_, char) = self.chars.next()?;
        match char {
            '\n' => self.place = Place { line: self.place.line + 1, column: 1 },
            _ => self.place.column += 1,
        }
        Some(char)
    }

    /// The rest of the text.
    fn rest(&mut self) -> &'t str {
        self.chars.peek().and_then(|(at, _)| self.text.get(*at..)).unwrap_or_default()
    }

    fn skip_to(&mut self, end: &str) {
        while !self.rest().is_empty() && !self.rest().starts_with(end) {
            self.bump();
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with('#') || rest.starts_with("//") {
                self.skip_to("\n");
            } else if rest.starts_with("/*") {
                self.skip_to("*/");
                self.bump();
                self.bump();
            } else if rest.starts_with(char::is_whitespace) {
                self.bump();
            } else {
                return;
            }
        }
    }

    fn while_in(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let length = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
        let word = &rest[..length];
        for _ in word.chars() {
            self.bump();
        }
        word.to_owned()
    }

    fn next(&mut self) -> Result<(Token, Place), String> {
        self.skip_blanks();
        let mut at = self.place;
        let token = match self.rest().chars().next() {
            None => {
                at.column += 1;
                Token::End
            }
            Some('"') => Token::Text(self.quoted()?),
            Some(sign @ ('{' | '}' | '[' | ']' | ',' | '=')) => {
                self.bump();
                Token::Sign(sign)
            }
            Some(char) if char.is_ascii_digit() || char == '-' => {
                Token::Number(self.while_in(|char| char.is_ascii_alphanumeric() || "-+.".contains(char)))
            }
            Some(char) if char.is_alphabetic() || char == '_' => {
                Token::Word(self.while_in(|char| char.is_alphanumeric() || "_-.".contains(char)))
            }
            Some(_) => return Err(at.error("illegal char")),
        };
        Ok((token, at))
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.bump();
        let mut text = String::new();
        loop {
            let at = self.place;
            match self.bump() {
                Some('"') => return Ok(text),
                Some('\\') => match self.bump() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(char @ ('"' | '\\')) => text.push(char),
                    _ => return Err(at.error("illegal char escape")),
                },
                None | Some('\n') => return Err(at.error("literal not terminated")),
                Some(char) => text.push(char),
            }
        }
    }
}

struct Parser<'t> {
    tokens: Tokens<'t>,
    next: Option<(Token, Place)>,
}

impl Parser<'_> {
    fn take(&mut self) -> Result<(Token, Place), String> {
        self.next.take().map_or_else(|| self.tokens.next(), Ok)
    }

    /// Takes the sign, if it comes next.
    fn takes(&mut self, sign: char) -> Result<bool, String> {
        let (token, at) = self.take()?;
        let is_it = token == Token::Sign(sign);
        if !is_it {
            self.next = Some((token, at));
        }
        Ok(is_it)
    }

    /// All items up to what cannot begin one.
    fn items(&mut self) -> Result<Vec<Item>, String> {
        let mut items = Vec::new();
        loop {
            match self.take()? {
                (Token::Word(key) | Token::Text(key), at) => items.push(self.item(key, at)?),
                (Token::Sign('=' | '{'), at) => return Err(at.error("no object keys found!")),
                end => {
                    self.next = Some(end);
                    return Ok(items);
                }
            }
            self.takes(',')?;
        }
    }

    fn item(&mut self, key: String, begin: Place) -> Result<Item, String> {
        let mut keys = vec![key];
        let (value, at) = loop {
            match self.take()? {
                (Token::Word(key) | Token::Text(key), _) => keys.push(key),
                (Token::Sign('='), _) => break self.value()?,
                (Token::Sign('{'), at) => break (self.object()?, at),
                (_, at) => {
                    let keys = keys.join(" ");
                    let expected = "expected start of object ('{') or assignment ('=')";
                    return Err(at.error(&format!("key '{keys}' {expected}")));
                }
            }
        };
        Ok(Item { keys, line: begin.line, at: at.to_string(), value })
    }

    fn value(&mut self) -> Result<(Node, Place), String> {
        match self.take()? {
            (Token::Text(text) | Token::Number(text) | Token::Word(text), at) => {
                Ok((Node::Literal(text), at))
            }
            (Token::Sign('{'), at) => Ok((self.object()?, at)),
            (Token::Sign('['), at) => Ok((self.list()?, at)),
            (token, at) => Err(at.error(&format!("Unknown token: {}", token.kind()))),
        }
    }

    fn object(&mut self) -> Result<Node, String> {
        let items = self.items()?;
        match self.take()? {
            (Token::Sign('}'), _) => Ok(Node::Object(items)),
            (token, at) => Err(at.error(&format!("object expected closing RBRACE got: {}", token.kind()))),
        }
    }

    fn list(&mut self) -> Result<Node, String> {
        let mut items = Vec::new();
        while !self.takes(']')? {
            items.push(self.value()?.0);
            if self.takes(',')? {
                continue;
            }
            let (token, at) = self.take()?;
            if token != Token::Sign(']') {
                let expected = "error parsing list, expected comma or list end, got";
                return Err(at.error(&format!("{expected}: {}", token.kind())));
            }
            break;
        }
        Ok(Node::List(items))
    }
}
