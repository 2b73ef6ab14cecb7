//! Answers from an index alone: what an entry tells of the fields that a projection keeps.
//!
//! An entry has the id, and keys that keep some values whole: format/key_decode.rs, `decode_whole`. Where it tells all
//! that is wanted, a small document is made of it, which the cursor projects, sorts and hands out like any other. One
//! field besides the id at most, for entries do not tell in which order a document has several.
//! Promises: what is told is what the document has; an entry that does not tell it says so.
//! Leaves to others: choosing the index (query/plan), documents of other entries (source.rs).

use std::sync::Arc;

use crate::collection::secondary::{IndexRules, SecondaryIndex};
use crate::format::encode::{write_map_head, write_text};
use crate::format::fields::Checked;
use crate::format::survey::ID_KEY;
use crate::query::plan::{Part, Plan};
use crate::transaction::cursor::FindOptions;

/// How entries of an index answer a query.
pub(super) struct Covering {
    rules: Arc<IndexRules>,
    /// Where the value that is wanted beside the id stands among the index's fields.
    field: Option<usize>,
    /// The document that was told last.
    told: Vec<u8>,
}

impl Covering {
    /// How `plan` answers what `options` ask; None where its documents have to be read.
    pub fn of(options: &FindOptions, plan: &Plan, usable: &[&SecondaryIndex]) -> Option<Covering> {
        let [Part::Index(scan)] = plan.parts.as_slice() else {
            return None;
        };
        let paths = options.projection.as_ref()?.included_paths()?;
        let index = usable.get(scan.index).filter(|_| plan.is_exact)?;
        let wanted: Vec<&str> = paths
            .iter()
            .map(String::as_str)
            .filter(|path| path.as_bytes() != ID_KEY)
            .collect();
        let field = match wanted.as_slice() {
            [] => None,
            [path] => Some(field_of(index, path)?),
            _ => return None,
        };
        let mut order = options.sort.iter().flat_map(|sort| sort.fields());
        let is_told =
            plan.is_ordered || order.all(|by| by.path.as_bytes() == ID_KEY || wanted.contains(&&*by.path));
        is_told.then(|| Covering {
            rules: index.rules.clone(),
            field,
            told: Vec::new(),
        })
    }

    /// What the entry of `keys` and `id` tells, as a document in stored form; None where it does not tell all.
    ///
    /// Errors: a text when the keys are damaged.
    pub fn document(&mut self, keys: &[u8], id: &[u8]) -> Checked<Option<&[u8]>> {
        let value = match self.field {
            Some(field) => match self.rules.paths.value_of(keys, field)? {
                Some(value) => Some((field, value)),
                None => return Ok(None),
            },
            None => None,
        };
        let out = &mut self.told;
        out.clear();
        write_map_head(1 + usize::from(value.is_some()), out);
        write_text(ID_KEY, out);
        out.extend_from_slice(id);
        if let Some((field, value)) = value {
            let path = self.rules.definition.keys.get(field).map_or("", |key| &*key.path);
            for (depth, name) in path.split('.').enumerate() {
                if depth > 0 {
                    write_map_head(1, out);
                }
                write_text(name.as_bytes(), out);
            }
            value.write(out);
        }
        Ok(Some(out))
    }
}

/// The field of `index` whose keys are the values at `path`; None where they may be elements of arrays.
fn field_of(index: &SecondaryIndex, path: &str) -> Option<usize> {
    let field = index
        .rules
        .definition
        .keys
        .iter()
        .position(|key| *key.path == *path)?;
    let is_value = index.arrays >> field & 1 == 0 && !index.rules.paths.has_position(field);
    is_value.then_some(field)
}
