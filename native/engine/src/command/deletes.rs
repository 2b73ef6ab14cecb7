//! The commands that delete documents: `deleteOne`, `deleteMany`.
//!
//! Requests: {filter, hint}. Reply: {deletedCount}. Promises: a filter has to be given, so that a forgotten one does
//! not delete everything. Leaves to others: finding and writing (transaction/verbs).

use crate::command::arguments::Arguments;
use crate::command::reply::Reply;
use crate::command::{Command, Target};
use crate::error::Result;

/// What a deletion takes, by itself and in bulk writes.
pub(super) const DELETE_FIELDS: &[&str] = &["filter", "hint"];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        op: "deleteOne",
        fields: DELETE_FIELDS,
        run: |target, arguments, reply| delete(target, arguments, Some(1), reply),
    },
    Command {
        op: "deleteMany",
        fields: DELETE_FIELDS,
        run: |target, arguments, reply| delete(target, arguments, None, reply),
    },
];

fn delete(
    target: &mut Target<'_>,
    arguments: &Arguments<'_>,
    limit: Option<u64>,
    reply: &mut Reply<'_>,
) -> Result<()> {
    arguments.needed("filter")?;
    let find = arguments.targets(limit)?;
    let count = target.write(|transaction, name| transaction.delete_found(name, find))?;
    reply.count("deletedCount", count);
    Ok(())
}
