//! Finding documents of another collection by the values at one path: what joins are made of.
//!
//! By an index where there is one, else by a table of all the collection's documents, made for the first
//! search and bounded by `STAGE_BYTES_MAX`. Promises: equality is that of filters: a value finds documents
//! whose path leads to it or to an array with it, and null also those without the field; what is found comes
//! once, in the collection's order.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::record::NO_STRUCTURES;
use crate::format::value::{Cursor, Malformed, Value};
use crate::format::view::View;
use crate::query::Filter;
use crate::query::expression::{Computed, Expression, Scope};
use crate::query::group_key::append_group_key;
use crate::query::path::{self, Leaf, Segment};
use crate::query::pipeline::budget::Budget;
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::source::{Document, Wanted};

/// A path of another collection.
#[derive(Debug)]
pub(super) struct Foreign {
    pub(super) collection: Box<str>,
    pub(super) path: Box<str>,
    pub(super) segments: Vec<Segment>,
}

/// What a stage that joins has learned so far.
pub(super) struct Joined {
    way: Option<Way>,
    /// The results of a pipeline that gives the same for every document.
    pub(super) same: Option<Vec<Owned>>,
}

/// How documents are found.
enum Way {
    Index,
    Table(Table),
}

/// All documents of a collection, by the values at one path.
struct Table {
    documents: Vec<Arc<Owned>>,
    numbers: HashMap<Box<[u8]>, Vec<u32>>,
}

impl Joined {
    pub(super) fn new() -> Joined {
        Joined {
            way: None,
            same: None,
        }
    }

    /// The documents that have one of `values` at the path. Errors: LIMIT_EXCEEDED, and those of reading.
    pub(super) fn find(
        &mut self,
        foreign: &Foreign,
        values: &[Owned],
        context: &Context<'_>,
    ) -> Result<Vec<Arc<Owned>>> {
        let way = match &mut self.way {
            Some(way) => way,
            none => none.insert(Way::choose(foreign, context)?),
        };
        match way {
            Way::Index => by_index(foreign, values, context),
            Way::Table(table) => table.find(values),
        }
    }
}

impl Way {
    fn choose(foreign: &Foreign, context: &Context<'_>) -> Result<Way> {
        let Foreign { collection, path, .. } = foreign;
        if context.collections.is_indexed(collection, path) {
            return Ok(Way::Index);
        }
        Ok(Way::Table(Table::read(foreign, context)?))
    }
}

fn by_index(foreign: &Foreign, values: &[Owned], context: &Context<'_>) -> Result<Vec<Arc<Owned>>> {
    let among = Owned::Map(vec![("$in".into(), Owned::Array(values.to_vec()))]);
    let filter = Owned::Map(vec![(foreign.path.clone(), among)]);
    let mut bytes = Vec::new();
    filter.write(&mut bytes);
    let wanted = Wanted {
        filter: Some(Arc::new(Filter::compile(&bytes)?)),
        ..Wanted::default()
    };
    let mut budget = Budget::new("fewer matches for one document help");
    let mut found = Vec::new();
    let mut documents = context.collections.open(&foreign.collection, wanted)?;
    while documents.visit(false, &mut |document| {
        let document = document.into_owned()?;
        budget.take(document.bytes())?;
        found.push(Arc::new(document));
        Ok(ControlFlow::Continue(()))
    })? {}
    Ok(found)
}

impl Table {
    fn read(foreign: &Foreign, context: &Context<'_>) -> Result<Table> {
        let mut table = Table {
            documents: Vec::new(),
            numbers: HashMap::new(),
        };
        let mut budget = Budget::new("an index on the foreign field makes the join without it");
        let mut source = context.collections.open(&foreign.collection, Wanted::default())?;
        while source.visit(false, &mut |document| {
            table.add(foreign, document, &mut budget)?;
            Ok(ControlFlow::Continue(()))
        })? {}
        Ok(table)
    }

    fn add(&mut self, foreign: &Foreign, document: Document<'_>, budget: &mut Budget) -> Result<()> {
        let number = self.documents.len() as u32;
        let mut bytes = Vec::new();
        let cursor = match &document {
            Document::Stored(cursor) => *cursor,
            Document::Seen(_) | Document::Owned(_) => {
                document.view()?.to_owned()?.write(&mut bytes);
                Cursor::new(&bytes, &NO_STRUCTURES)
            }
        };
        let mut keys_bytes = 0;
        let mut key = Vec::new();
        let numbers = &mut self.numbers;
        let (Value::Map(fields), Some((root, rest))) = (cursor.value()?, foreign.segments.split_first())
        else {
            return Ok(());
        };
        path::visit(
            fields.find(&root.name)?,
            rest,
            Leaf::ElementsAndArray,
            &mut |value| {
                key.clear();
                let view = value.map_or(View::Null, |value| View::from(*value));
                append_group_key(&view, &mut key).map_err(|_| Malformed::TooDeep)?;
                match numbers.get_mut(key.as_slice()) {
                    Some(list) if list.last() == Some(&number) => {}
                    Some(list) => list.push(number),
                    None => {
                        keys_bytes += key.len() + size_of::<(Box<[u8]>, Vec<u32>)>();
                        numbers.insert(key.as_slice().into(), vec![number]);
                    }
                }
                keys_bytes += size_of::<u32>();
                Ok(false)
            },
        )?;
        let document = document.into_owned()?;
        budget.take(document.bytes() + keys_bytes)?;
        self.documents.push(Arc::new(document));
        Ok(())
    }

    fn find(&self, values: &[Owned]) -> Result<Vec<Arc<Owned>>> {
        let mut numbers: Vec<u32> = Vec::new();
        let mut key = Vec::new();
        for value in values {
            key.clear();
            append_group_key(&View::from(value), &mut key)?;
            numbers.extend(self.numbers.get(key.as_slice()).into_iter().flatten());
        }
        if values.len() > 1 {
            numbers.sort_unstable();
            numbers.dedup();
        }
        let document = |number: u32| self.documents.get(number as usize).cloned();
        Ok(numbers.into_iter().filter_map(document).collect())
    }
}

/// The values that a field of the local document stands for: the elements of an array, and null where it is
/// missing.
pub(super) fn local_values(field: &Expression, scope: &Scope<'_>) -> Result<Vec<Owned>> {
    Ok(
        match field.evaluate(scope)?.map(Computed::into_owned).transpose()? {
            None => vec![Owned::Null],
            Some(Owned::Array(elements)) => elements,
            Some(value) => vec![value],
        },
    )
}
