//! Splits HCL into tokens.

use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

#[derive(PartialEq)]
pub(super) enum Lexeme {
    Word(String),
    Text(String),
    Number(String),
    Bool(String),
    Sign(char),
    End,
}

impl Lexeme {
    /// Returns the name of the token in error messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Word(_) => "IDENT",
            Self::Text(_) => "STRING",
            Self::Number(_) => "NUMBER",
            Self::Bool(_) => "BOOL",
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
pub(super) struct Position {
    pub(super) line: usize,
    column: usize,
}

impl Position {
    pub(super) fn error(self, problem: &str) -> String {
        format!("{self}: {problem}")
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "At {}:{}", self.line, self.column)
    }
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    position: Position,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, chars: text.char_indices().peekable(), position: Position { line: 1, column: 1 } }
    }

    fn bump(&mut self) -> Option<char> {
        let (_, char) = self.chars.next()?;
        match char {
            '\n' => self.position = Position { line: self.position.line + 1, column: 1 },
            _ => self.position.column += 1,
        }
        Some(char)
    }

    fn rest(&mut self) -> &'t str {
        self.chars.peek().and_then(|(at, _)| self.text.get(*at..)).unwrap_or_default()
    }

    fn skip_to(&mut self, end: &str) {
        while !self.rest().is_empty() && !self.rest().starts_with(end) {
            self.bump();
        }
    }

    fn skip_whitespace(&mut self) {
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

    /// Returns the next token and its position.
    pub(super) fn next(&mut self) -> Result<(Lexeme, Position), String> {
        self.skip_whitespace();
        let mut at = self.position;
        let token = match self.rest().chars().next() {
            None => {
                at.column += 1;
                Lexeme::End
            }
            Some('"') => Lexeme::Text(self.string()?),
            Some(sign @ ('{' | '}' | '[' | ']' | ',' | '=')) => {
                self.bump();
                Lexeme::Sign(sign)
            }
            Some(char) if char.is_ascii_digit() || char == '-' => {
                Lexeme::Number(self.while_in(|char| char.is_ascii_alphanumeric() || "-+.".contains(char)))
            }
            Some(char) if char.is_alphabetic() || char == '_' => {
                let word = self.while_in(|char| char.is_alphanumeric() || "_-.".contains(char));
                if word == "true" || word == "false" { Lexeme::Bool(word) } else { Lexeme::Word(word) }
            }
            Some(_) => return Err(at.error("illegal char")),
        };
        Ok((token, at))
    }

    fn string(&mut self) -> Result<String, String> {
        self.bump();
        let mut text = String::new();
        loop {
            let at = self.position;
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
