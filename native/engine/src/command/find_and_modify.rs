//! The commands that change one document and reply it: `findOneAndUpdate`, `findOneAndReplace`, `findOneAndDelete`.
//!
//! Requests: {filter, sort, hint, projection} and `update` with `arrayFilters`, or `replacement`; these two with `upsert` and
//! `returnDocument`, "before" by default or "after". Reply: {value, upsertedId}, null where there is none.
//! Leaves to others: finding and writing (transaction/verbs), projections (query/projection).

use crate::command::arguments::Arguments;
use crate::command::reads::View;
use crate::command::reply::Reply;
use crate::command::updates::{replacement_of, update_of};
use crate::command::{Command, Target};
use crate::error::Result;
use crate::query::Update;
use crate::transaction::cursor::FindOptions;
use crate::transaction::{FindAndModify, Modification, Version};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        op: "findOneAndUpdate",
        fields: &[
            "filter",
            "update",
            "upsert",
            "arrayFilters",
            "projection",
            "sort",
            "hint",
            "returnDocument",
        ],
        run: |target, arguments, reply| update(target, arguments, &update_of(arguments)?, reply),
    },
    Command {
        op: "findOneAndReplace",
        fields: &[
            "filter",
            "replacement",
            "upsert",
            "projection",
            "sort",
            "hint",
            "returnDocument",
        ],
        run: |target, arguments, reply| update(target, arguments, &replacement_of(arguments)?, reply),
    },
    Command {
        op: "findOneAndDelete",
        fields: &["filter", "projection", "sort", "hint"],
        run: |target, arguments, reply| modify(target, arguments, Modification::Delete, reply),
    },
];

fn update(
    target: &mut Target<'_>,
    arguments: &Arguments<'_>,
    update: &Update,
    reply: &mut Reply<'_>,
) -> Result<()> {
    let version = match arguments.text("returnDocument")? {
        None | Some("before") => Version::Before,
        Some("after") => Version::After,
        Some(_) => return Err(arguments.wrong("returnDocument", "\"before\" or \"after\"")),
    };
    let upsert = arguments.truth("upsert")?.then(|| arguments.filter_bytes());
    let modification = Modification::Update {
        update,
        upsert,
        version,
    };
    modify(target, arguments, modification, reply)
}

fn modify(
    target: &mut Target<'_>,
    arguments: &Arguments<'_>,
    modification: Modification<'_>,
    reply: &mut Reply<'_>,
) -> Result<()> {
    let view = View::of(arguments)?;
    let find = FindOptions {
        filter: view.filter.clone(),
        sort: arguments.sort()?,
        hint: arguments.hint()?,
        ..FindOptions::default()
    };
    let mut value = Vec::new();
    let outcome = target.write(|transaction, name| {
        let request = FindAndModify { find, modification };
        transaction.find_and_modify(name, request, &mut |stored, structures| {
            view.write(stored, structures, &mut value)
        })
    })?;
    reply.encoded("value", (!value.is_empty()).then_some(value.as_slice()));
    reply.encoded("upsertedId", outcome.upserted_id.as_deref());
    Ok(())
}
