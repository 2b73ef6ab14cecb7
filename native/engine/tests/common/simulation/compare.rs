//! Comparing what a database holds with its twin.
//!
//! Promises: every document is read by a scan and looked up by its id; bytes are compared, not values.

use std::sync::Arc;

use quire_engine::format::intake::document_id;
use quire_engine::format::plain::write_plain;
use quire_engine::{Cursor, Database, Error, Filter, FindOptions, IdBytes, Result};

use super::twin::{State, Twin};
use super::value::Value;

/// Documents as ids and plain MessagePack.
pub type Batch = Vec<(IdBytes, Vec<u8>)>;

/// A filter of documents whose "g" is `group`; none for `None`.
pub fn group_filter(group: Option<i64>) -> Result<Option<Arc<Filter>>> {
    let Some(group) = group else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    Value::Map(vec![("g".into(), Value::Int(group))]).encode(&mut bytes);
    Ok(Some(Arc::new(Filter::compile(&bytes)?)))
}

fn say(error: impl std::fmt::Debug) -> String {
    format!("reading failed: {error:?}")
}

/// The next documents of a cursor, at most `documents_max`; none at its end.
pub fn read_batch(cursor: &mut Cursor, documents_max: usize) -> std::result::Result<Batch, String> {
    let mut out = Vec::new();
    cursor.next_batch(&mut out, documents_max, 1 << 18).map_err(say)?;
    let structures = cursor.structures();
    let mut batch = Vec::new();
    let mut rest = &out[..];
    while !rest.is_empty() {
        let mut plain = Vec::new();
        let taken = write_plain(rest, &structures, &mut plain).map_err(say)?;
        let id = IdBytes::from_canonical(document_id(rest).map_err(say)?).map_err(say)?;
        batch.push((id, plain));
        rest = &rest[taken..];
    }
    Ok(batch)
}

/// Fails with words where the rest of `cursor` is not exactly the documents of `twin`.
pub fn compare_cursor(cursor: &mut Cursor, twin: &Twin) -> std::result::Result<(), String> {
    let mut count = 0;
    loop {
        let batch = read_batch(cursor, 64)?;
        if batch.is_empty() {
            break;
        }
        for (id, plain) in batch {
            count += 1;
            match twin.documents.get(&id) {
                None => return Err(format!("there is {id}, which must not be")),
                Some(document) if document.plain != plain => {
                    return Err(format!("{id} is another document"));
                }
                Some(_) => {}
            }
        }
    }
    if count == twin.documents.len() {
        return Ok(());
    }
    Err(format!("{count} documents in place of {}", twin.documents.len()))
}

/// What `check` finds in the database. Where pages may stay unused for ever, those are passed over.
pub fn problems_of(database: &Database, may_leak: bool) -> Result<Vec<Error>> {
    let is_leak = |problem: &Error| problem.message().contains("it is neither used nor free");
    let mut problems = database.check()?.problems;
    problems.retain(|problem| !(may_leak && is_leak(problem)));
    Ok(problems)
}

/// Fails with words where the database does not hold exactly `state`.
pub fn compare(database: &Database, state: &State) -> std::result::Result<(), String> {
    let infos = database.collections().map_err(say)?;
    let names: Vec<&str> = infos.iter().map(|info| &*info.name).collect();
    let expected: Vec<&str> = state.0.keys().map(String::as_str).collect();
    if names != expected {
        return Err(format!("the collections are {names:?} in place of {expected:?}"));
    }
    for (name, twin) in &state.0 {
        let collection = database.collection(name).map_err(say)?;
        let mut cursor = collection.find(FindOptions::default()).map_err(say)?;
        compare_cursor(&mut cursor, twin).map_err(|words| format!("in {name}: {words}"))?;
        let indexes = collection.indexes().map_err(say)?;
        let mut found: Vec<String> = indexes
            .iter()
            .skip(1)
            .map(|info| info.definition.name.to_string())
            .collect();
        found.sort();
        let mut wanted: Vec<String> = twin.indexes.iter().map(|kind| kind.name()).collect();
        wanted.sort();
        if found != wanted {
            return Err(format!("{name} has the indexes {found:?} in place of {wanted:?}"));
        }
        for id in twin.documents.keys() {
            if !collection.has(id).map_err(say)? {
                return Err(format!("{name} does not find {id} by its id"));
            }
        }
    }
    Ok(())
}
