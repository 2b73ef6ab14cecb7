//! Commands: MessagePack in, MessagePack out. The one door of all bindings for everything that is no hot call.
//!
//! A request is one map: `op` names the command, the other fields are its arguments. A reply is one map as well,
//! plain MessagePack that is also stored form without records. Promises: ops and fields that a command does not
//! have are refused by name before anything is done; a command that fails has changed nothing.
//! Parts: arguments.rs (requests), reply.rs, cursor.rs (what commands open), options.rs and describe.rs (options and
//! figures of the calls that are no commands); then one file for each family of commands, with the table of what it
//! has; the tables are gathered here.
//! Leaves to others: what verbs do (transaction/, database/), the bytes of documents (format/).

mod aggregate;
mod arguments;
mod bulk;
mod cursor;
mod deletes;
pub mod describe;
mod find_and_modify;
mod indexes;
pub mod options;
mod reads;
mod reply;
#[cfg(test)]
mod tests;
mod updates;
mod watch;

use crate::database::{Collection, Database, WriteOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::Owned;
use crate::transaction::Transaction;
use crate::transaction::cursor::{Cursor, FindOptions};
use arguments::Arguments;
use reply::Reply;

pub use cursor::AnyCursor;
pub use watch::open_stream;

/// What a command is asked of.
pub enum Target<'a> {
    /// A collection: every command is a transaction of its own, committed as the options say.
    Collection(&'a Collection, WriteOptions),
    /// A collection as an open transaction sees it: what is written belongs to the transaction.
    Transaction(&'a mut Transaction, &'a str),
    /// A database, for commands that are of no single collection.
    Database(&'a Database, WriteOptions),
}

/// A command that replies.
struct Command {
    /// Its name.
    op: &'static str,
    /// The fields that its request may have besides `op`.
    fields: &'static [&'static str],
    run: fn(&mut Target<'_>, &Arguments<'_>, &mut Reply<'_>) -> Result<()>,
}

/// A command that opens a cursor.
struct CursorCommand {
    /// Its name.
    op: &'static str,
    /// The fields that its request may have besides `op`.
    fields: &'static [&'static str],
    open: fn(&mut Target<'_>, &Arguments<'_>) -> Result<AnyCursor>,
}

/// Every command that replies, family by family.
const COMMANDS: &[&[Command]] = &[
    aggregate::COMMANDS,
    bulk::COMMANDS,
    deletes::COMMANDS,
    find_and_modify::COMMANDS,
    indexes::COMMANDS,
    reads::COMMANDS,
    updates::COMMANDS,
];
/// Every command that opens a cursor.
const CURSOR_COMMANDS: &[&[CursorCommand]] = &[aggregate::CURSOR_COMMANDS, reads::CURSOR_COMMANDS];

/// Every command with the fields that its request may have besides `op`, for pages and tests that compare themselves.
pub fn table() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let replying = COMMANDS.iter().copied().flatten();
    let opening = CURSOR_COMMANDS.iter().copied().flatten();
    replying
        .map(|command| (command.op, command.fields))
        .chain(opening.map(|command| (command.op, command.fields)))
        .chain([("watch", watch::FIELDS)])
}

/// Runs the command of `request` and appends its reply to `out`.
///
/// Errors: INVALID_ARGUMENT for a request that is malformed or has an op or a field that does not exist; those of
/// the command. `out` is as before then.
pub fn run(target: &mut Target<'_>, request: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let arguments = Arguments::parse(request)?;
    let op = arguments.op();
    let Some(command) = COMMANDS
        .iter()
        .copied()
        .flatten()
        .find(|command| command.op == op)
    else {
        return Err(unknown_op(op));
    };
    arguments.only(command.fields)?;
    let start = out.len();
    let mut reply = Reply::begin(out);
    let result = (command.run)(target, &arguments, &mut reply);
    reply.end();
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Opens the cursor that the command of `request` gives. Errors: as [`run`].
pub fn open_cursor(target: &mut Target<'_>, request: &[u8]) -> Result<AnyCursor> {
    let arguments = Arguments::parse(request)?;
    let op = arguments.op();
    let mut commands = CURSOR_COMMANDS.iter().copied().flatten();
    let Some(command) = commands.find(|command| command.op == op) else {
        return Err(unknown_op(op));
    };
    arguments.only(command.fields)?;
    (command.open)(target, &arguments)
}

#[cold]
fn unknown_op(op: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("no such command is known here: {op:?}"),
    )
}

impl Target<'_> {
    /// Opens a cursor on the collection.
    fn find(&mut self, options: FindOptions) -> Result<Cursor> {
        match self {
            Target::Collection(collection, _) => collection.find(options),
            Target::Transaction(transaction, name) => transaction.find(name, options),
            Target::Database(..) => Err(needs_collection()),
        }
    }

    /// Runs `verb` in the transaction, or in one of its own.
    fn write<R>(&mut self, verb: impl FnOnce(&mut Transaction, &str) -> Result<R>) -> Result<R> {
        match self {
            Target::Collection(collection, options) => collection.in_transaction(options, verb),
            Target::Transaction(transaction, name) => verb(transaction, name),
            Target::Database(..) => Err(needs_collection()),
        }
    }

    /// How many documents of the collection `find` would give.
    fn count(&mut self, options: FindOptions) -> Result<u64> {
        match self {
            Target::Collection(collection, _) => collection.count_found(options),
            Target::Transaction(transaction, name) => transaction.count_found(name, options),
            Target::Database(..) => Err(needs_collection()),
        }
    }

    /// How `find` would be done.
    fn explain(&mut self, options: FindOptions) -> Result<Owned> {
        match self {
            Target::Collection(collection, _) => collection.explain(options),
            Target::Transaction(transaction, name) => transaction.explain(name, options),
            Target::Database(..) => Err(needs_collection()),
        }
    }
}

#[cold]
fn needs_collection() -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "this command is asked of a collection, and was asked of a database",
    )
}
