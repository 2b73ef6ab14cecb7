//! Applying an update to one stored document.
//!
//! The tree of edits and the document are walked together; what no edit touches is copied as it is. The keys
//! of a map are known before it is written, so that it becomes a record where its shape has a structure.
//! Promises: the document's fields keep their order; recursion is as deep as the tree of edits, which
//! place.rs bounds; the result never grows far beyond the largest document.
//! Leaves to others: what one edit does to one value (field.rs, array.rs), `$` and `$rename` (resolve.rs).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::{write_array_head, write_map_head, write_record_head, write_text};
use crate::format::id::IdBytes;
use crate::format::intake::document_id;
use crate::format::recode::recode_document;
use crate::format::record::{StructureRegistry, Structures};
use crate::format::survey::{Shapes, Subject, survey};
use crate::format::value::{Cursor, Elements, Fields, Malformed, Value};
use crate::query::update::array_filter::ArrayFilter;
use crate::query::update::field::shortest;
use crate::query::update::resolve::{merge, resolve};
use crate::query::update::{
    Action, Branch, Circumstances, Edit, Edits, Leaf, Selector, Update, pipeline, refuse, show,
};

/// Most nulls that one position beyond an array's end adds, MongoDB's limit.
const PADDING_MAX: usize = 1_500_000;

/// Appends the new document; returns whether it is another one than `stored`.
pub(super) fn apply(
    update: &Update,
    stored: &[u8],
    registry: &StructureRegistry,
    circumstances: &Circumstances,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let id = document_id(stored)?;
    if let Some(given) = &update.id
        && **given != *id
    {
        let present = IdBytes::from_canonical(id)?;
        return Err(refuse(format!(
            "the update gives the _id {given}, and the document has {present}; it never changes"
        )));
    }
    let structures = registry.snapshot();
    match &update.action {
        Action::Replace(document) => replace(document, stored, &structures, registry, out),
        Action::Pipeline(stages) => {
            pipeline::apply(stages, stored, &structures, registry, circumstances, out)
        }
        Action::Edit(edits) => {
            let shapes = Shapes {
                structures: &structures,
                registry: Some(registry),
            };
            edit(&edits.root, edits, stored, shapes, circumstances, out)
        }
    }
}

/// Appends what the tree `root` of `edits` makes of the map `stored`; returns whether that is another one.
pub(super) fn edit(
    root: &Branch,
    edits: &Edits,
    stored: &[u8],
    shapes: Shapes<'_>,
    circumstances: &Circumstances,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let document = Cursor::new(stored, shapes.structures);
    let Value::Map(fields) = document.value()? else {
        return Err(Malformed::IdMissing.into());
    };
    let root = if edits.is_open {
        Cow::Owned(resolve(root, document, circumstances.matched_position)?)
    } else {
        Cow::Borrowed(root)
    };
    let end_max = out.len().saturating_add(circumstances.document_bytes_max);
    let mut apply = Apply {
        shapes,
        circumstances,
        array_filters: &edits.array_filters,
        out,
        end_max,
        changed: false,
    };
    apply.map(fields, &root, &Path::Root)?;
    Ok(apply.changed)
}

/// Appends the plain map `document` with the id of `stored`; returns whether that is another document.
pub(super) fn replace(
    document: &[u8],
    stored: &[u8],
    structures: &Structures,
    registry: &StructureRegistry,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let start = out.len();
    let id = IdBytes::from_canonical(document_id(stored)?)?;
    let plan = survey(
        document,
        Subject::Document,
        Shapes {
            structures,
            registry: Some(registry),
        },
    )?;
    let newest = registry.snapshot();
    recode_document(document, &plan, &id, &newest, out)?;
    let new = out.get(start..).unwrap_or_default();
    if new == stored {
        return Ok(false);
    }
    Ok(shortest(Cursor::new(stored, structures))? != shortest(Cursor::new(new, &newest))?)
}

/// Where a value stands in the document, for messages; on the stack of the walk.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    Root,
    Name(&'p Path<'p>, &'p [u8]),
    Position(&'p Path<'p>, usize),
}

impl Path<'_> {
    /// The path as it is written, dotted.
    pub(super) fn shown(&self) -> String {
        let (outer, name) = match self {
            Path::Root => return String::new(),
            Path::Name(outer, name) => (outer, show(name)),
            Path::Position(outer, index) => (outer, index.to_string()),
        };
        match outer {
            Path::Root => name,
            outer => format!("{}.{name}", outer.shown()),
        }
    }
}

/// An update at work on one document.
pub(super) struct Apply<'a> {
    pub(super) shapes: Shapes<'a>,
    pub(super) circumstances: &'a Circumstances,
    array_filters: &'a [ArrayFilter],
    pub(super) out: &'a mut Vec<u8>,
    /// How long `out` may become.
    end_max: usize,
    /// What was written so far differs from the document.
    pub(super) changed: bool,
}

/// A field of the map that is being written.
struct Field<'a, 'e> {
    key: &'e [u8],
    old: Option<Cursor<'a>>,
    edit: Option<&'e Edit>,
}

impl<'a> Apply<'a> {
    /// Writes the map of `fields` with the edits of `branch`.
    fn map(&mut self, fields: Fields<'a>, branch: &Branch, path: &Path<'_>) -> Result<()> {
        let mut after: Vec<Field<'a, '_>> =
            Vec::with_capacity(fields.remaining().min(64) + branch.edits.len());
        let mut met = 0;
        let mut rest = fields;
        while let Some((key, value)) = rest.take_next()? {
            let edit = branch.edit(key);
            met += usize::from(edit.is_some());
            if edit.is_some_and(Edit::is_unset) {
                self.changed = true;
            } else {
                after.push(Field {
                    key,
                    old: Some(value),
                    edit,
                });
            }
        }
        if met < branch.edits.len() && branch.creates {
            let present: HashSet<&[u8]> = after
                .iter()
                .filter(|field| field.edit.is_some())
                .map(|field| field.key)
                .collect();
            for (name, edit) in &branch.edits {
                if edit.creates() && !present.contains(&*name.text) {
                    after.push(Field {
                        key: &name.text,
                        old: None,
                        edit: Some(edit),
                    });
                }
            }
        }
        self.write_fields(&after, path)
    }

    /// Writes a map that the edits of `branch` alone make.
    fn new_map(&mut self, branch: &Branch, path: &Path<'_>) -> Result<()> {
        let creating = branch.edits.iter().filter(|(_, edit)| edit.creates());
        let fields: Vec<Field<'a, '_>> = creating
            .map(|(name, edit)| Field {
                key: &name.text,
                old: None,
                edit: Some(edit),
            })
            .collect();
        self.write_fields(&fields, path)
    }

    fn write_fields(&mut self, fields: &[Field<'a, '_>], path: &Path<'_>) -> Result<()> {
        let keys: Vec<&[u8]> = fields.iter().map(|field| field.key).collect();
        let number = if keys.is_empty() {
            None
        } else {
            self.shapes.number_for(&keys)
        };
        match number {
            Some(number) => write_record_head(number, self.out),
            None => write_map_head(fields.len(), self.out),
        }
        for field in fields {
            if number.is_none() {
                write_text(field.key, self.out);
            }
            match (field.edit, field.old) {
                (None, Some(old)) => self.out.extend_from_slice(old.raw()?),
                (Some(edit), old) => self.value(old, edit, &Path::Name(path, field.key))?,
                (None, None) => {}
            }
        }
        self.check_size()
    }

    /// Writes what `edit` makes of the value `old`, None for a missing one.
    fn value(&mut self, old: Option<Cursor<'a>>, edit: &Edit, path: &Path<'_>) -> Result<()> {
        match (edit, old) {
            (Edit::Leaf(leaf), old) => self.leaf(old, leaf, path),
            (Edit::Elements(edits), old) => self.elements(old, edits, path),
            (Edit::Branch(branch), None) => self.new_map(branch, path),
            (Edit::Branch(branch), Some(old)) => match old.value()? {
                Value::Map(fields) => self.map(fields, branch, path),
                Value::Array(elements) => self.array(elements, branch, path),
                value if branch.creates => Err(no_place(branch, &value, path)),
                _ => {
                    self.out.extend_from_slice(old.raw()?);
                    Ok(())
                }
            },
        }
    }

    /// Writes the array of `elements` with the edits of `branch`, whose names are positions.
    fn array(&mut self, elements: Elements<'a>, branch: &Branch, path: &Path<'_>) -> Result<()> {
        let before = elements.remaining();
        let mut after = before;
        for (name, _) in branch.edits.iter().filter(|(_, edit)| edit.creates()) {
            if name.order == usize::MAX {
                return Err(refuse(format!(
                    "the path {:?} holds an array, where {:?} is no position",
                    path.shown(),
                    show(&name.text)
                )));
            }
            if name.order >= before.saturating_add(PADDING_MAX) {
                return Err(refuse(format!(
                    "position {} is more than {PADDING_MAX} beyond the array at {:?}",
                    name.order,
                    path.shown()
                )));
            }
            after = after.max(name.order + 1);
        }
        write_array_head(after, self.out);
        let mut rest = elements;
        let mut edits = branch.edits.iter().peekable();
        for index in 0..after {
            let old = rest.take_next()?;
            let edit = edits.next_if(|(name, _)| name.order == index);
            match (edit, old) {
                (Some((_, edit)), old) if old.is_some() || edit.creates() => {
                    self.value(old, edit, &Path::Position(path, index))?;
                }
                (_, Some(old)) => self.out.extend_from_slice(old.raw()?),
                (_, None) => {
                    self.changed = true;
                    self.out.push(0xc0);
                }
            }
        }
        self.check_size()
    }

    /// Writes the array `old` with `edits` of the elements that their selectors stand for.
    fn elements(
        &mut self,
        old: Option<Cursor<'a>>,
        edits: &BTreeMap<Selector, Edit>,
        path: &Path<'_>,
    ) -> Result<()> {
        let mut elements = match old.map(|old| old.value()).transpose()? {
            Some(Value::Array(elements)) => elements,
            found => {
                let found = found.map_or("nothing", |found| found.type_name());
                return Err(refuse(format!(
                    "$[] and $[name] stand for the elements of an array, and the path {:?} holds a value of \
                     type {found}",
                    path.shown()
                )));
            }
        };
        let filters = self.array_filters;
        let structures = self.shapes.structures;
        let mut choices: Vec<_> = edits
            .iter()
            .map(|(selector, edit)| match selector {
                Selector::All => (None, edit),
                Selector::Matching(number) => (
                    filters.get(*number).map(|filter| filter.matcher(structures)),
                    edit,
                ),
            })
            .collect();
        let mut merged: HashMap<Vec<usize>, Edit> = HashMap::new();
        write_array_head(elements.remaining(), self.out);
        let mut index = 0;
        while let Some(element) = elements.take_next()? {
            let mut chosen: Vec<usize> = Vec::new();
            for (number, (matcher, _)) in choices.iter_mut().enumerate() {
                let matches = match matcher {
                    Some(matcher) => matcher.matches(element)?,
                    None => true,
                };
                if matches {
                    chosen.push(number);
                }
            }
            let here = Path::Position(path, index);
            let edit_of = |number: &usize| choices.get(*number).map(|(_, edit)| *edit);
            match chosen.as_slice() {
                [] => self.out.extend_from_slice(element.raw()?),
                [only] => {
                    if let Some(edit) = edit_of(only) {
                        self.value(Some(element), edit, &here)?;
                    }
                }
                [first, others @ ..] => {
                    if !merged.contains_key(&chosen) {
                        let mut all = edit_of(first).cloned().unwrap_or(Edit::Branch(Branch::default()));
                        for other in others.iter().filter_map(edit_of) {
                            all = merge(&all, other).ok_or_else(|| conflict(&here))?;
                        }
                        merged.insert(chosen.clone(), all);
                    }
                    if let Some(edit) = merged.get(&chosen) {
                        self.value(Some(element), edit, &here)?;
                    }
                }
            }
            self.check_size()?;
            index += 1;
        }
        Ok(())
    }

    /// Refuses a result that is too large already.
    pub(super) fn check_size(&self) -> Result<()> {
        if self.out.len() <= self.end_max {
            return Ok(());
        }
        let bytes_max = self.circumstances.document_bytes_max;
        Err(Error::new(
            ErrorKind::DocumentTooLarge,
            format!("the updated document would be longer than document_bytes_max, which is {bytes_max}"),
        ))
    }
}

/// The error of two edits that meet at one array element.
#[cold]
pub(super) fn conflict(path: &Path<'_>) -> Error {
    refuse(format!(
        "two paths of the update lead to {:?} or below, and one conflicts with the other; change each once",
        path.shown()
    ))
}

#[cold]
fn no_place(branch: &Branch, value: &Value<'_>, path: &Path<'_>) -> Error {
    let name = branch.edits.keys().next().map(|name| show(&name.text));
    refuse(format!(
        "there is no place for {:?} at path {:?}, which holds a value of type {}",
        name.unwrap_or_default(),
        path.shown(),
        value.type_name()
    ))
}

impl Edit {
    fn is_unset(&self) -> bool {
        matches!(self, Edit::Leaf(leaf) if matches!(**leaf, Leaf::Unset))
    }
}

impl Branch {
    /// The edit of the field `key`.
    fn edit(&self, key: &[u8]) -> Option<&Edit> {
        const SCANNED_MAX: usize = 8;
        if self.edits.len() <= SCANNED_MAX {
            return self
                .edits
                .iter()
                .find(|(name, _)| *name.text == *key)
                .map(|(_, edit)| edit);
        }
        self.edits.get(&crate::query::update::Name::new(key))
    }
}
