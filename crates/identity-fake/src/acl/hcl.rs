//! Parses the subset of HCL 1 that policies use: blocks, assignments, strings, lists and comments. JSON is
//! parsed into the same types.

use serde_json::Value;

use super::lexer::{Lexeme, Lexer, Position};
use crate::response::quoted;

/// The server has no limit. JSON has a similar one.
const MAX_DEPTH: usize = 100;

/// A block or an assignment: `path "a" { … }` has the keys `path` and `a`.
pub(super) struct Item {
    pub(super) keys: Vec<String>,
    pub(super) line: usize,
    /// The start of the value, as formatted in error messages.
    pub(super) at: String,
    pub(super) value: Node,
}

pub(super) enum Node {
    /// A string, a number, `true` or `false`.
    Literal(Value),
    List(Vec<Node>),
    Object(Vec<Item>),
}

pub(super) fn parse(text: &str) -> Result<Vec<Item>, String> {
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(fields.into_iter().flat_map(from_json).collect()),
            Ok(_) => Err("illegal char".to_owned()),
            Err(error) => Err(format!("{}:{}: illegal char", error.line(), error.column())),
        };
    }
    Parser { lexer: Lexer::new(text), next: None, depth: 0 }.items(&Lexeme::End)
}

/// Converts JSON as HCL does: each entry of an object of objects becomes a block with one more key, as does
/// each element of a list of objects.
fn from_json((key, value): (String, Value)) -> Vec<Item> {
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
        Value::Array(items) => Node::List(items.into_iter().map(node).collect()),
        Value::Object(fields) => {
            let item =
                |(key, value)| Item { keys: vec![key], line: 1, at: "At -".to_owned(), value: node(value) };
            Node::Object(fields.into_iter().map(item).collect())
        }
        other => Node::Literal(other),
    }
}

pub(super) fn to_value(node: &Node) -> Value {
    match node {
        Node::Literal(value) => value.clone(),
        Node::List(nodes) => nodes.iter().map(to_value).collect(),
        Node::Object(items) => {
            let field = |item: &Item| Some((item.keys.first()?.clone(), to_value(&item.value)));
            items.iter().filter_map(field).collect()
        }
    }
}

/// Returns the text of a literal.
pub(super) fn text(literal: &Value) -> String {
    literal.as_str().map_or_else(|| literal.to_string(), str::to_owned)
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    next: Option<(Lexeme, Position)>,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self) -> Result<(Lexeme, Position), String> {
        self.next.take().map_or_else(|| self.lexer.next(), Ok)
    }

    /// Parses items up to `end`, which it leaves unread.
    fn items(&mut self, end: &Lexeme) -> Result<Vec<Item>, String> {
        let mut items = Vec::new();
        loop {
            let (token, at) = self.take()?;
            if token == *end || token == Lexeme::End {
                self.next = Some((token, at));
                return Ok(items);
            }
            items.push(self.item(token, at)?);
            match self.take()? {
                (Lexeme::Sign(','), _) => {}
                other => self.next = Some(other),
            }
        }
    }

    fn item(&mut self, first: Lexeme, begin: Position) -> Result<Item, String> {
        let (mut keys, mut key_texts) = (Vec::new(), Vec::new());
        let (mut token, mut at) = (first, begin);
        let (value, at) = loop {
            match token {
                Lexeme::Word(key) => {
                    key_texts.push(key.clone());
                    keys.push(key);
                }
                Lexeme::Text(key) => {
                    key_texts.push(quoted(&key));
                    keys.push(key);
                }
                Lexeme::Sign('=') => match keys.len() {
                    0 => return Err(at.error("no object keys found!")),
                    1 => break self.value()?,
                    _ => return Err(at.error("nested object expected: LBRACE got: ASSIGN")),
                },
                Lexeme::Sign('{') if keys.is_empty() => {
                    return Err(at.error("expected: IDENT | STRING got: LBRACE"));
                }
                Lexeme::Sign('{') => break (self.nested(at, Self::object)?, at),
                Lexeme::Sign('}') | Lexeme::End if !keys.is_empty() => {
                    let expected = "expected start of object ('{') or assignment ('=')";
                    return Err(at.error(&format!("key '{}' {expected}", key_texts.join(" "))));
                }
                other => {
                    let expected = "expected: IDENT | STRING | ASSIGN | LBRACE got";
                    return Err(at.error(&format!("{expected}: {}", other.kind())));
                }
            }
            (token, at) = self.take()?;
        };
        Ok(Item { keys, line: begin.line, at: at.to_string(), value })
    }

    fn value(&mut self) -> Result<(Node, Position), String> {
        let (token, at) = self.take()?;
        let node = match token {
            Lexeme::Text(text) => Node::Literal(text.into()),
            Lexeme::Number(text) => Node::Literal(text.parse().map_or(text.into(), Value::Number)),
            Lexeme::Bool(text) => Node::Literal((text == "true").into()),
            Lexeme::Sign('{') => self.nested(at, Self::object)?,
            Lexeme::Sign('[') => self.nested(at, Self::list)?,
            other => return Err(at.error(&format!("Unknown token: {}", other.kind()))),
        };
        Ok((node, at))
    }

    /// Parses an object or a list. Limits the depth, because the parser is recursive.
    fn nested(&mut self, at: Position, parse: fn(&mut Self) -> Result<Node, String>) -> Result<Node, String> {
        if self.depth == MAX_DEPTH {
            return Err(at.error("nested too deeply"));
        }
        self.depth += 1;
        let node = parse(self);
        self.depth -= 1;
        node
    }

    fn object(&mut self) -> Result<Node, String> {
        let items = self.items(&Lexeme::Sign('}'))?;
        match self.take()? {
            (Lexeme::Sign('}'), _) => Ok(Node::Object(items)),
            (token, at) => Err(at.error(&format!("object expected closing RBRACE got: {}", token.kind()))),
        }
    }

    /// Parses a list. It may have superfluous commas.
    fn list(&mut self) -> Result<Node, String> {
        let mut items = Vec::new();
        let mut needs_comma = false;
        loop {
            let (token, at) = self.take()?;
            let problem = match token {
                Lexeme::Sign(']') => return Ok(Node::List(items)),
                Lexeme::Sign(',') => {
                    needs_comma = false;
                    continue;
                }
                _ if needs_comma => "error parsing list, expected comma or list end, got",
                Lexeme::Word(_) | Lexeme::Sign('}' | '=') | Lexeme::End => {
                    "unexpected token while parsing list"
                }
                other => {
                    self.next = Some((other, at));
                    items.push(self.value()?.0);
                    needs_comma = true;
                    continue;
                }
            };
            return Err(at.error(&format!("{problem}: {}", token.kind())));
        }
    }
}
