//! The commands that read documents: `count`, `explain`, and `find`, which opens a cursor.
//!
//! Requests: `count` {filter, skip, limit, hint} → {count}; `explain` {filter, projection, sort, skip, limit, hint} →
//! {queryPlanner, executionStats}; `find` the same. A sort and a projection in `count` are passed over.
//! Leaves to others: what matches (query/filter), plans (query/plan), cursors (transaction/cursor.rs).

use std::sync::Arc;

use crate::command::arguments::Arguments;
use crate::command::reply::Reply;
use crate::command::{AnyCursor, Command, CursorCommand, Target};
use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::record::NO_STRUCTURES;
use crate::format::value::Cursor;
use crate::query::Projection;
use crate::query::plan::Hint;
use crate::query::sort::Sort;
use crate::transaction::cursor::FindOptions;

/// The fields that say which documents are wanted, and how.
const FIND_FIELDS: &[&str] = &["filter", "projection", "sort", "skip", "limit", "hint"];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        op: "count",
        fields: FIND_FIELDS,
        run: count,
    },
    Command {
        op: "explain",
        fields: FIND_FIELDS,
        run: explain,
    },
];

pub(super) const CURSOR_COMMANDS: &[CursorCommand] = &[CursorCommand {
    op: "find",
    fields: FIND_FIELDS,
    open: find,
}];

fn count(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    let count = target.count(find_options(arguments)?)?;
    reply.count("count", count);
    Ok(())
}

fn explain(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    if let Owned::Map(fields) = target.explain(find_options(arguments)?)? {
        for (name, value) in fields {
            value.write(reply.field(&name));
        }
    }
    Ok(())
}

fn find(target: &mut Target<'_>, arguments: &Arguments<'_>) -> Result<AnyCursor> {
    let cursor = target.find(find_options(arguments)?)?;
    Ok(AnyCursor::Find(Box::new(cursor)))
}

/// What the fields of `FIND_FIELDS` ask for.
///
/// Errors: those of compiling them; INVALID_ARGUMENT.
fn find_options(arguments: &Arguments<'_>) -> Result<FindOptions> {
    let projection = arguments.bytes("projection").map(Projection::compile);
    let sort = arguments.bytes("sort").map(Sort::compile);
    let hint = arguments
        .bytes("hint")
        .map(|bytes| Hint::read(&Cursor::new(bytes, &NO_STRUCTURES).value()?));
    Ok(FindOptions {
        filter: arguments.filter()?,
        projection: projection.transpose()?.map(Arc::new),
        sort: sort.transpose()?.map(Arc::new),
        skip: arguments.count("skip")?.unwrap_or(0),
        limit: arguments.count("limit")?,
        hint: hint.transpose()?,
    })
}
