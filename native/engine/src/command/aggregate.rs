//! The commands of aggregation: `aggregate`, which opens a cursor, and `explainAggregate`.
//!
//! Requests: `aggregate` {pipeline, hint}; `explainAggregate` {pipeline, hint} → {stages, pushed, cursor}: the names of
//! the stages in the order in which they run, how many of the first ones the collection's cursor does, and how it does
//! that; it is run for it. A pipeline that is asked of a database begins with `$documents`. Leaves to others: stages (query/pipeline), collections as of one
//! moment and writing (transaction/aggregate.rs).

use crate::command::arguments::{Arguments, refuse};
use crate::command::reply::Reply;
use crate::command::{AnyCursor, Command, CursorCommand, Target};
use crate::error::Result;
use crate::format::encode::{write_array_head, write_text};
use crate::query::Pipeline;
use crate::transaction::cursor::FindOptions;

pub(super) const COMMANDS: &[Command] = &[Command {
    op: "explainAggregate",
    fields: &["pipeline", "hint"],
    run: explain,
}];

pub(super) const CURSOR_COMMANDS: &[CursorCommand] = &[CursorCommand {
    op: "aggregate",
    fields: &["pipeline", "hint"],
    open: aggregate,
}];

/// The pipeline in the fields `pipeline` and `hint`. Errors: those of compiling them.
fn pipeline_of(arguments: &Arguments<'_>) -> Result<Pipeline> {
    let pipeline = Pipeline::compile(arguments.needed("pipeline")?)?;
    match arguments.hint()? {
        Some(hint) => pipeline.with_hint(hint),
        None => Ok(pipeline),
    }
}

fn aggregate(target: &mut Target<'_>, arguments: &Arguments<'_>) -> Result<AnyCursor> {
    let pipeline = pipeline_of(arguments)?;
    let aggregation = match target {
        Target::Collection(collection, options) => collection.aggregate(&pipeline, options)?,
        Target::Transaction(transaction, name) => transaction.aggregate(name, &pipeline)?,
        Target::Database(database, options) => {
            if !pipeline.begins_with_documents() {
                return Err(refuse(
                    "a pipeline that is asked of a database begins with $documents",
                ));
            }
            database.aggregate(&pipeline, options)?
        }
    };
    Ok(AnyCursor::Aggregate(Box::new(aggregation)))
}

fn explain(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    let pipeline = pipeline_of(arguments)?;
    let (stages, pushed) = pipeline.stages();
    let out = reply.field("stages");
    write_array_head(stages.len(), out);
    stages.iter().for_each(|stage| write_text(stage.as_bytes(), out));
    reply.count("pushed", pushed as u64);
    if pipeline.begins_with_documents() {
        return Ok(());
    }
    let options = FindOptions::from(pipeline.wanted().clone());
    let explained = match target {
        Target::Collection(collection, _) => collection.explain(options)?,
        Target::Transaction(transaction, name) => transaction.explain(name, options)?,
        Target::Database(..) => return Ok(()),
    };
    explained.write(reply.field("cursor"));
    Ok(())
}
