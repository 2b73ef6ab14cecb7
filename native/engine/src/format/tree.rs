//! For tests: documents as trees of owned values, read from JSON-like text, to and from MessagePack.
//!
//! Deliberately plain: this is the oracle that the byte-level code is compared with.

use crate::format::encode::{write_array_head, write_float, write_map_head, write_text};
use crate::format::record::{NO_STRUCTURES, Structures};
use crate::format::value::{Cursor, Timestamp, Value};

/// One owned value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Undefined,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(String),
    Binary(Vec<u8>),
    Date(i64, u32),
    Ext(i8, Vec<u8>),
    Array(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// The tree that `text` writes: JSON, and `date(5)`, `bin(0aff)`, `undefined`, `NaN`, `inf`, `1.0` as a
/// float.
pub(crate) fn tree(text: &str) -> Tree {
    let mut parser = Parser { rest: text };
    let tree = parser.value();
    assert!(parser.rest.trim().is_empty(), "behind the value: {}", parser.rest);
    tree
}

/// `tree(text)` as plain MessagePack.
pub(crate) fn plain(text: &str) -> Vec<u8> {
    tree(text).to_plain()
}

impl Tree {
    /// As a caller would send it: 64..=127 in one byte.
    pub(crate) fn to_plain(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Tree::Null => out.push(0xc0),
            Tree::Undefined => out.extend_from_slice(&[0xd4, 0, 0]),
            Tree::Bool(truth) => out.push(0xc2 + u8::from(*truth)),
            Tree::Int(number @ 0..=127) => out.push(*number as u8),
            Tree::Int(number) => crate::format::encode::write_integer(*number, out),
            Tree::UInt(number) => {
                out.push(0xcf);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Tree::Float(number) => write_float(*number, out),
            Tree::Text(text) => write_text(text.as_bytes(), out),
            Tree::Binary(bytes) => {
                out.extend_from_slice(&[0xc4, u8::try_from(bytes.len()).unwrap()]);
                out.extend_from_slice(bytes);
            }
            Tree::Date(seconds, nanoseconds) => {
                out.extend_from_slice(&[0xc7, 12, 0xff]);
                out.extend_from_slice(&nanoseconds.to_be_bytes());
                out.extend_from_slice(&seconds.to_be_bytes());
            }
            Tree::Ext(kind, bytes) => {
                out.extend_from_slice(&[0xc7, u8::try_from(bytes.len()).unwrap(), *kind as u8]);
                out.extend_from_slice(bytes);
            }
            Tree::Array(elements) => {
                write_array_head(elements.len(), out);
                elements.iter().for_each(|element| element.write(out));
            }
            Tree::Map(fields) => {
                write_map_head(fields.len(), out);
                for (key, value) in fields {
                    write_text(key.as_bytes(), out);
                    value.write(out);
                }
            }
        }
    }

    /// The tree of stored bytes.
    pub(crate) fn from_stored(stored: &[u8], structures: &Structures) -> Tree {
        let cursor = Cursor::new(stored, structures);
        assert_eq!(
            cursor.raw().unwrap().len(),
            stored.len(),
            "one value and nothing behind it"
        );
        Tree::from_cursor(cursor)
    }

    /// The tree of bytes without records.
    pub(crate) fn from_normalised(bytes: &[u8]) -> Tree {
        Tree::from_stored(bytes, &NO_STRUCTURES)
    }

    pub(crate) fn from_cursor(cursor: Cursor<'_>) -> Tree {
        match cursor.value().unwrap() {
            Value::Null => Tree::Null,
            Value::Undefined => Tree::Undefined,
            Value::Bool(truth) => Tree::Bool(truth),
            Value::Int(number) => Tree::Int(number),
            Value::UInt(number) => Tree::UInt(number),
            Value::Float(number) => Tree::Float(number),
            Value::String(text) => Tree::Text(String::from_utf8(text.to_vec()).unwrap()),
            Value::Binary(bytes) => Tree::Binary(bytes.to_vec()),
            Value::Timestamp(Timestamp { seconds, nanoseconds }) => Tree::Date(seconds, nanoseconds),
            Value::Ext { kind, bytes } => Tree::Ext(kind, bytes.to_vec()),
            Value::Array(mut elements) => {
                let mut list = Vec::new();
                while let Some(element) = elements.take_next().unwrap() {
                    list.push(Tree::from_cursor(element));
                }
                Tree::Array(list)
            }
            Value::Map(mut fields) => {
                let mut list = Vec::new();
                while let Some((key, value)) = fields.take_next().unwrap() {
                    list.push((String::from_utf8(key.to_vec()).unwrap(), Tree::from_cursor(value)));
                }
                Tree::Map(list)
            }
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn until(&mut self, end: &[char]) -> &'a str {
        let at = self.rest.find(end).unwrap_or(self.rest.len());
        let (part, rest) = self.rest.split_at(at);
        self.rest = rest;
        part
    }

    fn text(&mut self) -> String {
        let text = self.until(&['"']).to_owned();
        assert!(self.eat("\""));
        text
    }

    fn value(&mut self) -> Tree {
        if self.eat("{") {
            return Tree::Map(self.list("}", |parser| {
                assert!(parser.eat("\""), "a key at {}", parser.rest);
                let key = parser.text();
                assert!(parser.eat(":"), "a colon at {}", parser.rest);
                (key, parser.value())
            }));
        }
        if self.eat("[") {
            return Tree::Array(self.list("]", Parser::value));
        }
        if self.eat("\"") {
            return Tree::Text(self.text());
        }
        if self.eat("date(") {
            let seconds = self.until(&[')']).parse().unwrap();
            assert!(self.eat(")"));
            return Tree::Date(seconds, 0);
        }
        if self.eat("bin(") {
            let digits = self.until(&[')']);
            assert!(self.eat(")"));
            let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            return Tree::Binary((0..digits.len()).step_by(2).map(byte).collect());
        }
        match self.until(&[',', ']', '}']).trim() {
            "null" => Tree::Null,
            "undefined" => Tree::Undefined,
            "true" => Tree::Bool(true),
            "false" => Tree::Bool(false),
            number if number.contains(['.', 'N', 'i']) => Tree::Float(number.parse().unwrap()),
            number => match number.parse() {
                Ok(number) => Tree::Int(number),
                Err(_) => Tree::UInt(number.parse().unwrap()),
            },
        }
    }

    fn list<T>(&mut self, end: &str, mut item: impl FnMut(&mut Parser<'a>) -> T) -> Vec<T> {
        let mut items = Vec::new();
        if self.eat(end) {
            return items;
        }
        loop {
            items.push(item(self));
            if self.eat(end) {
                return items;
            }
            assert!(self.eat(","), "a comma or {end} at {}", self.rest);
        }
    }
}
