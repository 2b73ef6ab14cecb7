//! The commands that read documents: `count`, and `find`, which opens a cursor.
//!
//! Requests: `count` {filter} → {count}; `find` {filter, skip, limit}.
//! Leaves to others: what matches (query/filter), cursors (transaction/cursor.rs).

use crate::command::arguments::Arguments;
use crate::command::reply::Reply;
use crate::command::{AnyCursor, Command, CursorCommand, Target};
use crate::error::Result;
use crate::transaction::cursor::FindOptions;

pub(super) const COMMANDS: &[Command] = &[Command {
    op: "count",
    fields: &["filter"],
    run: count,
}];

pub(super) const CURSOR_COMMANDS: &[CursorCommand] = &[CursorCommand {
    op: "find",
    fields: &["filter", "skip", "limit"],
    open: find,
}];

fn count(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    let count = target.count(arguments.filter()?)?;
    reply.count("count", count);
    Ok(())
}

fn find(target: &mut Target<'_>, arguments: &Arguments<'_>) -> Result<AnyCursor> {
    let options = FindOptions {
        filter: arguments.filter()?,
        skip: arguments.count("skip")?.unwrap_or(0),
        limit: arguments.count("limit")?,
        ..FindOptions::default()
    };
    Ok(AnyCursor::Find(Box::new(target.find(options)?)))
}
