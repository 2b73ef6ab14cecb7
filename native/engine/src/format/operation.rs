//! The payload of a log frame: the operations of one commit, in the order in which they are done again.
//!
//! Promises: decoding doubts every byte and never reads past the payload; whole documents and ids are logged,
//! never places, so a replay does not depend on where documents lay.
//! Source: docs/FORMAT.md, "Log operations".

use crate::error::{Error, ErrorKind, Result};
use crate::format::page::CollectionId;
use crate::format::{read_u16, read_u32};

/// One operation, borrowed from the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// A document that was not there before. The bytes are in stored form.
    Insert(CollectionId, &'a [u8]),
    /// A document in the place of the one with its id.
    Replace(CollectionId, &'a [u8]),
    /// The removal of the document with this canonical id.
    Delete(CollectionId, &'a [u8]),
    /// A new, empty collection: its number, its id mode, its name.
    Create(CollectionId, u8, &'a str),
    /// The end of a collection.
    Drop(CollectionId),
    /// A new name.
    Rename(CollectionId, &'a str),
    /// The removal of every document.
    Clear(CollectionId),
    /// A record structure: its number and its encoding.
    Structure(CollectionId, u16, &'a [u8]),
    /// A new ordered index over the documents as they are: its definition.
    CreateIndex(CollectionId, &'a [u8]),
    /// The end of the ordered index of this name.
    DropIndex(CollectionId, &'a str),
}

const INSERT: u8 = 1;
const REPLACE: u8 = 2;
const DELETE: u8 = 3;
const CREATE: u8 = 4;
const DROP: u8 = 5;
const RENAME: u8 = 6;
const CLEAR: u8 = 7;
const STRUCTURE: u8 = 8;
const CREATE_INDEX: u8 = 9;
const DROP_INDEX: u8 = 10;

const TAG_BYTES: usize = 5;

impl Operation<'_> {
    /// Appends the operation to a payload.
    #[inline]
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut head = |tag: u8, collection: &CollectionId| {
            out.push(tag);
            out.extend_from_slice(&collection.0.to_le_bytes());
        };
        match self {
            Operation::Insert(collection, document) => {
                head(INSERT, collection);
                put_long(out, document);
            }
            Operation::Replace(collection, document) => {
                head(REPLACE, collection);
                put_long(out, document);
            }
            Operation::Delete(collection, id) => {
                head(DELETE, collection);
                put_short(out, id);
            }
            Operation::Create(collection, ids, name) => {
                head(CREATE, collection);
                out.push(*ids);
                put_short(out, name.as_bytes());
            }
            Operation::Drop(collection) => head(DROP, collection),
            Operation::Rename(collection, name) => {
                head(RENAME, collection);
                put_short(out, name.as_bytes());
            }
            Operation::Clear(collection) => head(CLEAR, collection),
            Operation::Structure(collection, number, encoded) => {
                head(STRUCTURE, collection);
                out.extend_from_slice(&number.to_le_bytes());
                put_short(out, encoded);
            }
            Operation::CreateIndex(collection, definition) => {
                head(CREATE_INDEX, collection);
                put_short(out, definition);
            }
            Operation::DropIndex(collection, name) => {
                head(DROP_INDEX, collection);
                put_short(out, name.as_bytes());
            }
        }
    }
}

fn put_long(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Ids, names, structures and index definitions are limited to less than 64 KiB (limits.rs).
fn put_short(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// The operations of a payload.
pub struct Operations<'a> {
    rest: &'a [u8],
}

impl<'a> Operations<'a> {
    /// Reads `payload`.
    pub fn new(payload: &'a [u8]) -> Operations<'a> {
        Operations { rest: payload }
    }

    /// The next operation; `None` at the end.
    ///
    /// Errors: `CORRUPTED`.
    pub fn take_next(&mut self) -> Result<Option<Operation<'a>>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let head = self.take(TAG_BYTES)?;
        let collection = CollectionId(read_u32(head, 1));
        Ok(Some(match head[0] {
            INSERT => Operation::Insert(collection, self.take_long()?),
            REPLACE => Operation::Replace(collection, self.take_long()?),
            DELETE => Operation::Delete(collection, self.take_short()?),
            CREATE => {
                let ids = self.take(1)?[0];
                Operation::Create(collection, ids, self.take_text()?)
            }
            DROP => Operation::Drop(collection),
            RENAME => Operation::Rename(collection, self.take_text()?),
            CLEAR => Operation::Clear(collection),
            STRUCTURE => {
                let number = read_u16(self.take(2)?, 0);
                Operation::Structure(collection, number, self.take_short()?)
            }
            CREATE_INDEX => Operation::CreateIndex(collection, self.take_short()?),
            DROP_INDEX => Operation::DropIndex(collection, self.take_text()?),
            other => return Err(malformed(&format!("operation {other} is unknown"))),
        }))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(malformed("an operation reaches past the end of its commit"));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn take_long(&mut self) -> Result<&'a [u8]> {
        let length = read_u32(self.take(4)?, 0);
        self.take(length as usize)
    }

    fn take_short(&mut self) -> Result<&'a [u8]> {
        let length = read_u16(self.take(2)?, 0);
        self.take(usize::from(length))
    }

    fn take_text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.take_short()?).map_err(|_| malformed("a name is not UTF-8"))
    }
}

fn malformed(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupted,
        format!("the log holds a commit that cannot be read: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Operation<'static>; 10] = [
        Operation::Insert(CollectionId(1), b"document"),
        Operation::Replace(CollectionId(2), b""),
        Operation::Delete(CollectionId(3), b"id"),
        Operation::Create(CollectionId(4), 1, "name"),
        Operation::Drop(CollectionId(5)),
        Operation::Rename(CollectionId(6), "other"),
        Operation::Clear(CollectionId(7)),
        Operation::Structure(CollectionId(8), 9, b"keys"),
        Operation::CreateIndex(CollectionId(9), b"definition"),
        Operation::DropIndex(CollectionId(10), "index"),
    ];

    #[test]
    fn operations_read_back_as_written() {
        let mut payload = Vec::new();
        ALL.iter().for_each(|operation| operation.encode(&mut payload));
        let mut operations = Operations::new(&payload);
        for operation in ALL {
            assert_eq!(operations.take_next().unwrap(), Some(operation));
        }
        assert_eq!(operations.take_next().unwrap(), None);
    }

    #[test]
    fn no_cut_or_changed_payload_panics() {
        let mut payload = Vec::new();
        ALL.iter().for_each(|operation| operation.encode(&mut payload));
        let drain = |payload: &[u8]| {
            let mut operations = Operations::new(payload);
            while let Ok(Some(_)) = operations.take_next() {}
        };
        for at in 0..payload.len() {
            drain(&payload[..at]);
            let mut changed = payload.clone();
            for byte in [0, 0x7f, 0xff] {
                changed[at] = byte;
                drain(&changed);
            }
        }
    }
}
