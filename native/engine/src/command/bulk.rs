//! The commands of many writes: `bulkWrite`, and `insertMany` that goes on after documents which cannot be inserted.
//!
//! Requests: `bulkWrite` {operations, ordered}, each operation a map of one field: `insertOne` {document},
//! all others with the fields of their commands (updates.rs, deletes.rs); `insertMany` {documents, ordered}. Reply: the counts, `insertedIds` and
//! `upsertedIds` by the place of their operation, and `writeErrors`, each {index, code, message}.
//! Promises: an operation that fails changes nothing and is told of, the others are done: all of them, or, where
//! `ordered` is not false, those before it. Alone they are one commit. An error that is not of one operation (a full
//! disk, a held collection) fails the command; inside a transaction what was done before it stays there.
//! Leaves to others: what each operation does (transaction/verbs).

use crate::command::arguments::{Arguments, refuse};
use crate::command::deletes::DELETE_FIELDS;
use crate::command::reply::Reply;
use crate::command::updates::{
    REPLACE_ONE_FIELDS, UPDATE_MANY_FIELDS, UPDATE_ONE_FIELDS, replacement_of, update_of,
};
use crate::command::{Command, Target};
use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::{write_array_head, write_integer, write_map_head, write_text};
use crate::format::id::IdBytes;
use crate::transaction::{Transaction, UpdateRequest};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        op: "bulkWrite",
        fields: &["operations", "ordered"],
        run: bulk_write,
    },
    Command {
        op: "insertMany",
        fields: &["documents", "ordered"],
        run: insert_many,
    },
];

/// One operation. Filters, updates and documents are compiled when its turn comes: their errors are its own.
struct Operation<'a> {
    kind: Kind,
    arguments: Arguments<'a>,
}

#[derive(Clone, Copy)]
enum Kind {
    Insert,
    UpdateOne,
    UpdateMany,
    Replace,
    DeleteOne,
    DeleteMany,
}

/// The operations by name, with the fields that they may have.
const KINDS: &[(&str, Kind, &[&str])] = &[
    ("insertOne", Kind::Insert, &["document"]),
    ("updateOne", Kind::UpdateOne, UPDATE_ONE_FIELDS),
    ("updateMany", Kind::UpdateMany, UPDATE_MANY_FIELDS),
    ("replaceOne", Kind::Replace, REPLACE_ONE_FIELDS),
    ("deleteOne", Kind::DeleteOne, DELETE_FIELDS),
    ("deleteMany", Kind::DeleteMany, DELETE_FIELDS),
];

/// What the operations did.
#[derive(Default)]
struct Outcome {
    matched_count: u64,
    modified_count: u64,
    deleted_count: u64,
    inserted: Vec<(usize, IdBytes)>,
    upserted: Vec<(usize, IdBytes)>,
    errors: Vec<(usize, Error)>,
}

fn bulk_write(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    arguments.needed("operations")?;
    let operations = arguments.list("operations")?;
    let operations: Vec<Operation<'_>> = operations
        .into_iter()
        .enumerate()
        .map(|(index, bytes)| {
            Operation::parse(bytes)
                .map_err(|error| refuse(format!("operations[{index}]: {}", error.message())))
        })
        .collect::<Result<_>>()?;
    write_all(target, &operations, is_ordered(arguments)?, reply)
}

fn insert_many(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    arguments.needed("documents")?;
    let operations: Vec<Operation<'_>> = arguments
        .list("documents")?
        .into_iter()
        .map(|document| Operation {
            kind: Kind::Insert,
            arguments: Arguments::of("insertOne", "document", document),
        })
        .collect();
    write_all(target, &operations, is_ordered(arguments)?, reply)
}

fn is_ordered(arguments: &Arguments<'_>) -> Result<bool> {
    Ok(arguments.bytes("ordered").is_none() || arguments.truth("ordered")?)
}

/// Does the operations and replies what they did.
fn write_all(
    target: &mut Target<'_>,
    operations: &[Operation<'_>],
    is_ordered: bool,
    reply: &mut Reply<'_>,
) -> Result<()> {
    let outcome = target.write(|transaction, name| together(transaction, name, operations, is_ordered))?;
    outcome.write(reply);
    Ok(())
}

/// Does the operations in one transaction.
fn together(
    transaction: &mut Transaction,
    name: &str,
    operations: &[Operation<'_>],
    is_ordered: bool,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for (index, operation) in operations.iter().enumerate() {
        let is_done = outcome.note(index, operation.run(transaction, name, index))?;
        if !is_done && is_ordered {
            break;
        }
    }
    Ok(outcome)
}

/// True for errors that the next operation need not meet.
fn is_of_one_operation(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidArgument
            | ErrorKind::InvalidDocument
            | ErrorKind::InvalidId
            | ErrorKind::DocumentTooLarge
            | ErrorKind::DuplicateId
            | ErrorKind::DuplicateKey
            | ErrorKind::InvalidFilter
            | ErrorKind::InvalidUpdate
            | ErrorKind::InvalidExpression
            | ErrorKind::InvalidPipeline
            | ErrorKind::InvalidSort
            | ErrorKind::IndexNotFound
            | ErrorKind::LimitExceeded
    )
}

impl<'a> Operation<'a> {
    /// The operation in `bytes`: a map of its name and its arguments.
    fn parse(bytes: &'a [u8]) -> Result<Operation<'a>> {
        let operation = Arguments::map("the operation", bytes)?;
        let Some((name, arguments)) = operation.single() else {
            return Err(refuse("an operation is a map of one field, such as insertOne"));
        };
        let Some((name, kind, fields)) = KINDS.iter().find(|(known, ..)| *known == name) else {
            let known: Vec<&str> = KINDS.iter().map(|(known, ..)| *known).collect();
            return Err(refuse(format!(
                "no such operation: {name}; there are {}",
                known.join(", ")
            )));
        };
        let arguments = Arguments::map(name, arguments)?;
        arguments.only(fields)?;
        for needed in ["document", "filter", "update", "replacement"] {
            if fields.contains(&needed) {
                arguments.needed(needed)?;
            }
        }
        Ok(Operation {
            kind: *kind,
            arguments,
        })
    }

    /// Does the operation, which is the one at `index`.
    fn run(&self, transaction: &mut Transaction, name: &str, index: usize) -> Result<Outcome> {
        let arguments = &self.arguments;
        let mut outcome = Outcome::default();
        match self.kind {
            Kind::Insert => {
                let id = transaction.insert(name, arguments.needed("document")?)?;
                outcome.inserted.push((index, id));
            }
            Kind::DeleteOne | Kind::DeleteMany => {
                let find = arguments.targets(self.limit())?;
                outcome.deleted_count = transaction.delete_found(name, find)?;
            }
            Kind::UpdateOne | Kind::UpdateMany | Kind::Replace => {
                let update = match self.kind {
                    Kind::Replace => replacement_of(arguments)?,
                    _ => update_of(arguments)?,
                };
                let request = UpdateRequest {
                    find: arguments.targets(self.limit())?,
                    update: &update,
                    upsert: arguments.truth("upsert")?.then(|| arguments.filter_bytes()),
                };
                let done = transaction.update_found(name, request)?;
                outcome.matched_count = done.matched_count;
                outcome.modified_count = done.modified_count;
                outcome.upserted.extend(done.upserted_id.map(|id| (index, id)));
            }
        }
        Ok(outcome)
    }

    /// How many documents it touches; None for every match.
    fn limit(&self) -> Option<u64> {
        (!matches!(self.kind, Kind::UpdateMany | Kind::DeleteMany)).then_some(1)
    }
}

impl Outcome {
    /// Adds what the operation at `index` did, or why it did nothing; whether it did what was asked.
    ///
    /// Errors: `done`'s, where it is of more than the one operation.
    fn note(&mut self, index: usize, done: Result<Outcome>) -> Result<bool> {
        match done {
            Ok(done) => {
                self.matched_count += done.matched_count;
                self.modified_count += done.modified_count;
                self.deleted_count += done.deleted_count;
                self.inserted.extend(done.inserted);
                self.upserted.extend(done.upserted);
                Ok(true)
            }
            Err(error) if is_of_one_operation(error.kind()) => {
                self.errors.push((index, error));
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn write(&self, reply: &mut Reply<'_>) {
        reply.count("insertedCount", self.inserted.len() as u64);
        reply.count("matchedCount", self.matched_count);
        reply.count("modifiedCount", self.modified_count);
        reply.count("deletedCount", self.deleted_count);
        reply.count("upsertedCount", self.upserted.len() as u64);
        write_ids(&self.inserted, reply.field("insertedIds"));
        write_ids(&self.upserted, reply.field("upsertedIds"));
        let out = reply.field("writeErrors");
        write_array_head(self.errors.len(), out);
        for (index, error) in &self.errors {
            write_map_head(3, out);
            write_text(b"index", out);
            write_integer(*index as i64, out);
            write_text(b"code", out);
            write_text(error.kind().code().as_bytes(), out);
            write_text(b"message", out);
            write_text(error.message().as_bytes(), out);
        }
    }
}

/// Appends a map from places, as texts, to ids.
fn write_ids(ids: &[(usize, IdBytes)], out: &mut Vec<u8>) {
    write_map_head(ids.len(), out);
    for (index, id) in ids {
        write_text(index.to_string().as_bytes(), out);
        out.extend_from_slice(id);
    }
}
