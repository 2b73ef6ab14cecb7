//! The commands that read documents: `count`, `explain`, `findOne`, `distinct`, and `find`, which opens a cursor.
//!
//! Requests: `count` {filter, skip, limit, hint} → {count}; `explain` {filter, projection, sort, skip, limit, hint} →
//! {queryPlanner, executionStats}; `find` the same. A sort and a projection in `count` are passed over.
//! `findOne` {filter, projection} → {value}, null where there is none; `distinct` {field, filter, hint} → {values}.
//! Leaves to others: what matches (query/filter), plans (query/plan), cursors (transaction/cursor.rs), what is
//! distinct (query/distinct.rs).

use std::sync::Arc;

use crate::command::arguments::Arguments;
use crate::command::reply::Reply;
use crate::command::{AnyCursor, Command, CursorCommand, Target};
use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::plain::write_plain;
use crate::format::record::Structures;
use crate::query::distinct::Distinct;
use crate::query::projection::Circumstances;
use crate::query::{Filter, Projection};
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
    Command {
        op: "findOne",
        fields: &["filter", "projection"],
        run: find_one,
    },
    Command {
        op: "distinct",
        fields: &["field", "filter", "hint"],
        run: distinct,
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

fn find_one(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    let view = View::of(arguments)?;
    let options = FindOptions {
        filter: view.filter.clone(),
        limit: Some(1),
        ..FindOptions::default()
    };
    let mut cursor = target.find(options)?;
    let (mut stored, mut value) = (Vec::new(), Vec::new());
    if cursor.next_batch(&mut stored, 1, usize::MAX)? > 0 {
        view.write(&stored, &cursor.structures(), &mut value)?;
    }
    reply.encoded("value", (!value.is_empty()).then_some(value.as_slice()));
    Ok(())
}

fn distinct(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    let Some(field) = arguments.text("field")? else {
        return Err(arguments.wrong("field", "a string"));
    };
    let mut distinct = Distinct::new(field)?;
    let options = FindOptions {
        filter: arguments.filter()?,
        hint: arguments.hint()?,
        ..FindOptions::default()
    };
    let mut cursor = target.find(options)?;
    let structures = cursor.structures();
    cursor.for_each(|document| distinct.add(document, &structures))?;
    reply.encoded("values", Some(&distinct.into_array()));
    Ok(())
}

/// How one document is shown in a reply: what a projection keeps of it, or all.
pub(super) struct View {
    /// The filter in the field `filter`; the positional `$` of the projection asks it.
    pub(super) filter: Option<Arc<Filter>>,
    projection: Option<Projection>,
}

impl View {
    /// The view in the fields `filter` and `projection`.
    ///
    /// Errors: those of compiling them.
    pub(super) fn of(arguments: &Arguments<'_>) -> Result<View> {
        let filter = arguments.filter()?;
        let projection = arguments
            .bytes("projection")
            .map(Projection::compile)
            .transpose()?;
        if let Some(projection) = &projection {
            projection.check_filter(filter.as_deref())?;
        }
        Ok(View { filter, projection })
    }

    /// Appends what is shown of the stored document, in plain MessagePack.
    ///
    /// Errors: those of `Projection::project`; CORRUPTED.
    pub(super) fn write(&self, stored: &[u8], structures: &Structures, out: &mut Vec<u8>) -> Result<()> {
        match &self.projection {
            Some(projection) => {
                let circumstances = Circumstances::at_present(self.filter.as_deref());
                projection.project(stored, structures, &circumstances, out)
            }
            None => Ok(write_plain(stored, structures, out).map(|_| ())?),
        }
    }
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
    Ok(FindOptions {
        filter: arguments.filter()?,
        projection: projection.transpose()?.map(Arc::new),
        sort: arguments.sort()?,
        skip: arguments.count("skip")?.unwrap_or(0),
        limit: arguments.count("limit")?,
        hint: arguments.hint()?,
    })
}
