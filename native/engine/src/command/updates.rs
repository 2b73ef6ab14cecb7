//! The commands that update documents: `updateOne`, `updateMany`, `replaceOne`.
//!
//! Requests: `updateOne` {filter, update, upsert, arrayFilters, sort, hint}; `updateMany` the same without a sort;
//! `replaceOne` {filter, replacement, upsert, sort, hint}. Reply: {matchedCount, modifiedCount, upsertedId}, the last
//! null when nothing was inserted.
//! Leaves to others: updates themselves (query/update), finding and writing (transaction/verbs).

use crate::command::arguments::Arguments;
use crate::command::reply::Reply;
use crate::command::{Command, Target};
use crate::error::{Error, ErrorKind, Result};
use crate::query::Update;
use crate::transaction::{UpdateOutcome, UpdateRequest};

/// What updates of one document, of many, and replacements take; by themselves and in bulk writes.
pub(super) const UPDATE_ONE_FIELDS: &[&str] = &["filter", "update", "upsert", "arrayFilters", "sort", "hint"];
pub(super) const UPDATE_MANY_FIELDS: &[&str] = &["filter", "update", "upsert", "arrayFilters", "hint"];
pub(super) const REPLACE_ONE_FIELDS: &[&str] = &["filter", "replacement", "upsert", "sort", "hint"];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        op: "updateOne",
        fields: UPDATE_ONE_FIELDS,
        run: update_one,
    },
    Command {
        op: "updateMany",
        fields: UPDATE_MANY_FIELDS,
        run: update_many,
    },
    Command {
        op: "replaceOne",
        fields: REPLACE_ONE_FIELDS,
        run: replace_one,
    },
];

fn update_one(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    change(target, arguments, reply, &update_of(arguments)?, Some(1))
}

fn update_many(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    change(target, arguments, reply, &update_of(arguments)?, None)
}

fn replace_one(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    change(target, arguments, reply, &replacement_of(arguments)?, Some(1))
}

/// The update in the field `update`, by operators. Errors: INVALID_UPDATE.
pub(super) fn update_of(arguments: &Arguments<'_>) -> Result<Update> {
    let update = Update::compile_with(arguments.needed("update")?, arguments.bytes("arrayFilters"))?;
    if update.is_replacement() {
        return Err(Error::new(
            ErrorKind::InvalidUpdate,
            "the update has no operator, such as $set; replaceOne replaces a document",
        ));
    }
    Ok(update)
}

/// The document in the field `replacement`. Errors: INVALID_UPDATE.
pub(super) fn replacement_of(arguments: &Arguments<'_>) -> Result<Update> {
    let update = Update::compile(arguments.needed("replacement")?)?;
    if !update.is_replacement() {
        return Err(Error::new(
            ErrorKind::InvalidUpdate,
            "the replacement has update operators; updateOne takes these",
        ));
    }
    Ok(update)
}

fn change(
    target: &mut Target<'_>,
    arguments: &Arguments<'_>,
    reply: &mut Reply<'_>,
    update: &Update,
    limit: Option<u64>,
) -> Result<()> {
    let find = arguments.targets(limit)?;
    let upsert = arguments.truth("upsert")?.then(|| arguments.filter_bytes());
    let request = UpdateRequest { find, update, upsert };
    let outcome = target.write(|transaction, name| transaction.update_found(name, request))?;
    write_outcome(&outcome, reply);
    Ok(())
}

fn write_outcome(outcome: &UpdateOutcome, reply: &mut Reply<'_>) {
    reply.count("matchedCount", outcome.matched_count);
    reply.count("modifiedCount", outcome.modified_count);
    reply.encoded("upsertedId", outcome.upserted_id.as_deref());
}
