//! The part of HCL, version 1, that policies are written in: blocks, assignments, texts, lists and comments. JSON is read into the same.

use serde_json::Value;

use super::lexer::{Place, Token, Tokens};

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
