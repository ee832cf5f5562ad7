//! Parses the subset of HCL 1 that policies use: blocks, assignments, strings, lists and comments. JSON is
//! parsed into the same types.

use serde_json::Value;

use super::lexer::{Place, Token, Tokens};
use crate::fake::answer::quoted;

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
    Literal(String),
    List(Vec<Node>),
    Object(Vec<Item>),
}

pub(super) fn parse(text: &str) -> Result<Vec<Item>, String> {
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(fields.into_iter().flat_map(of_json).collect()),
            Ok(_) => Err("illegal char".to_owned()),
            Err(error) => Err(format!("{}:{}: illegal char", error.line(), error.column())),
        };
    }
    Parser { tokens: Tokens::new(text), next: None }.items(&Token::End)
}

/// Converts JSON as HCL does: each entry of an object of objects becomes a block with one more key, as does
/// each element of a list of objects.
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

struct Parser<'t> {
    tokens: Tokens<'t>,
    next: Option<(Token, Place)>,
}

impl Parser<'_> {
    fn take(&mut self) -> Result<(Token, Place), String> {
        self.next.take().map_or_else(|| self.tokens.next(), Ok)
    }

    /// Parses items up to `end`, which it leaves unread.
    fn items(&mut self, end: &Token) -> Result<Vec<Item>, String> {
        let mut items = Vec::new();
        loop {
            let (token, at) = self.take()?;
            if token == *end || token == Token::End {
                self.next = Some((token, at));
                return Ok(items);
            }
            items.push(self.item(token, at)?);
            match self.take()? {
                (Token::Sign(','), _) => {}
                other => self.next = Some(other),
            }
        }
    }

    fn item(&mut self, first: Token, begin: Place) -> Result<Item, String> {
        let (mut keys, mut shown) = (Vec::new(), Vec::new());
        let (mut token, mut at) = (first, begin);
        let (value, at) = loop {
            match token {
                Token::Word(key) => {
                    shown.push(key.clone());
                    keys.push(key);
                }
                Token::Text(key) => {
                    shown.push(quoted(&key));
                    keys.push(key);
                }
                Token::Sign('=') => match keys.len() {
                    0 => return Err(at.error("no object keys found!")),
                    1 => break self.value()?,
                    _ => return Err(at.error("nested object expected: LBRACE got: ASSIGN")),
                },
                Token::Sign('{') if keys.is_empty() => {
                    return Err(at.error("expected: IDENT | STRING got: LBRACE"));
                }
                Token::Sign('{') => break (self.object()?, at),
                Token::Sign('}') | Token::End if !keys.is_empty() => {
                    let expected = "expected start of object ('{') or assignment ('=')";
                    return Err(at.error(&format!("key '{}' {expected}", shown.join(" "))));
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

    fn value(&mut self) -> Result<(Node, Place), String> {
        let (token, at) = self.take()?;
        let node = match token {
            Token::Text(text) | Token::Number(text) | Token::Bool(text) => Node::Literal(text),
            Token::Sign('{') => self.object()?,
            Token::Sign('[') => self.list()?,
            other => return Err(at.error(&format!("Unknown token: {}", other.kind()))),
        };
        Ok((node, at))
    }

    fn object(&mut self) -> Result<Node, String> {
        let items = self.items(&Token::Sign('}'))?;
        match self.take()? {
            (Token::Sign('}'), _) => Ok(Node::Object(items)),
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
                Token::Sign(']') => return Ok(Node::List(items)),
                Token::Sign(',') => {
                    needs_comma = false;
                    continue;
                }
                _ if needs_comma => "error parsing list, expected comma or list end, got",
                Token::Word(_) | Token::Sign('}' | '=') | Token::End => "unexpected token while parsing list",
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
