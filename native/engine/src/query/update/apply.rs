//! Applying an update to one stored document.
//!
//! The tree of edits and the document are walked together; what no edit touches is copied as it is. The keys
//! of a map are known before it is written, so that it becomes a record where its shape has a structure.
//! Promises: the document's fields keep their order; recursion is as deep as the tree of edits, which
//! compile.rs bounds.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::format::encode::{write_array_head, write_map_head, write_record_head, write_text};
use crate::format::id::IdBytes;
use crate::format::intake::document_id;
use crate::format::plain::write_plain;
use crate::format::recode::{recode, recode_document};
use crate::format::record::{NO_STRUCTURE, StructureRegistry, Structures};
use crate::format::survey::{Shapes, Subject, survey, survey_value};
use crate::format::value::{Cursor, Elements, Fields, Malformed, Value};
use crate::query::update::compile::refuse;
use crate::query::update::number::Number;
use crate::query::update::{Action, Branch, Edit, Name, Update};

/// Most nulls that one position beyond an array's end adds, MongoDB's limit.
const PADDING_MAX: usize = 1_500_000;

/// Appends the new document; returns whether it is another one than `stored`.
pub(super) fn apply(
    update: &Update,
    stored: &[u8],
    registry: &StructureRegistry,
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
        Action::Edit(branch) => {
            let mut apply = Apply {
                structures: &structures,
                registry,
                out,
                changed: false,
                path: Vec::new(),
            };
            let Value::Map(fields) = Cursor::new(stored, &structures).value()? else {
                return Err(Malformed::IdMissing.into());
            };
            apply.map(fields, branch)?;
            Ok(apply.changed)
        }
    }
}

fn replace(
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
    let (mut before, mut after) = (Vec::new(), Vec::new());
    write_plain(stored, structures, &mut before)?;
    write_plain(new, &newest, &mut after)?;
    Ok(before != after)
}

struct Apply<'a> {
    structures: &'a Structures,
    registry: &'a StructureRegistry,
    out: &'a mut Vec<u8>,
    changed: bool,
    /// Names down to the map or array at hand, for messages.
    path: Vec<&'a [u8]>,
}

/// A field of the map that is being written.
struct Field<'a> {
    key: &'a [u8],
    old: Option<Cursor<'a>>,
    edit: Option<&'a Edit>,
}

impl<'a> Apply<'a> {
    /// Writes the map of `fields` with the edits of `branch`.
    fn map(&mut self, fields: Fields<'a>, branch: &'a Branch) -> Result<()> {
        let mut after: Vec<Field<'a>> = Vec::with_capacity(fields.remaining().min(64) + branch.edits.len());
        let mut met = 0;
        let mut rest = fields;
        while let Some((key, value)) = rest.take_next()? {
            let edit = branch.edit(key);
            met += usize::from(edit.is_some());
            if matches!(edit, Some(Edit::Unset)) {
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
        self.write_fields(&after)
    }

    /// Writes a map that the edits of `branch` alone make.
    fn new_map(&mut self, branch: &'a Branch) -> Result<()> {
        let creating = branch.edits.iter().filter(|(_, edit)| edit.creates());
        let fields: Vec<Field<'a>> = creating
            .map(|(name, edit)| Field {
                key: &name.text,
                old: None,
                edit: Some(edit),
            })
            .collect();
        self.write_fields(&fields)
    }

    fn write_fields(&mut self, fields: &[Field<'a>]) -> Result<()> {
        let keys: Vec<&[u8]> = fields.iter().map(|field| field.key).collect();
        let shapes = Shapes {
            structures: self.structures,
            registry: Some(self.registry),
        };
        let number = if keys.is_empty() {
            None
        } else {
            shapes.number_for(&keys)
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
                (Some(edit), old) => {
                    self.path.push(field.key);
                    self.value(old, edit)?;
                    self.path.pop();
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Writes what `edit` makes of the value `old`, None for a missing one.
    fn value(&mut self, old: Option<Cursor<'a>>, edit: &'a Edit) -> Result<()> {
        match edit {
            Edit::Set(value) => self.set(old, value),
            Edit::Increment(amount) => self.increment(old, *amount),
            Edit::Unset => {
                self.changed |= old.is_none_or(|old| old.head() != Ok(0xc0));
                self.out.push(0xc0);
                Ok(())
            }
            Edit::Branch(branch) => {
                let Some(old) = old else {
                    return self.new_map(branch);
                };
                match old.value()? {
                    Value::Map(fields) => self.map(fields, branch),
                    Value::Array(elements) => self.array(elements, branch),
                    value if branch.creates => Err(self.no_place(branch, &value)),
                    _ => {
                        self.out.extend_from_slice(old.raw()?);
                        Ok(())
                    }
                }
            }
        }
    }

    fn set(&mut self, old: Option<Cursor<'a>>, value: &[u8]) -> Result<()> {
        let start = self.out.len();
        let is_container = matches!(value.first(), Some(0x80..=0x9f | 0xdc..=0xdf));
        if is_container {
            let shapes = Shapes {
                structures: self.structures,
                registry: Some(self.registry),
            };
            let plan = survey_value(value, Subject::Update, shapes)?;
            let has_records = plan.structures.iter().any(|number| *number != NO_STRUCTURE);
            if has_records {
                recode(value, &plan, &self.registry.snapshot(), self.out)?;
            } else {
                self.out.extend_from_slice(value);
            }
        } else {
            self.out.extend_from_slice(value);
        }
        let Some(old) = old else {
            self.changed = true;
            return Ok(());
        };
        let old = old.raw()?;
        if self.changed || self.out.get(start..) == Some(old) {
            return Ok(());
        }
        // A map may be stored otherwise than it would be now, and still be the same map.
        let mut plain = Vec::new();
        self.changed =
            !is_container || write_plain(old, self.structures, &mut plain).is_err() || plain != value;
        Ok(())
    }

    fn increment(&mut self, old: Option<Cursor<'a>>, amount: Number) -> Result<()> {
        let Some(old) = old else {
            self.changed = true;
            amount.write(self.out);
            return Ok(());
        };
        let Some(number) = Number::read(old)? else {
            let found = old.value()?.type_name();
            return Err(refuse(format!(
                "$inc at path {:?} needs a number there, and finds a value of type {found}",
                self.shown_path()
            )));
        };
        let Some(sum) = number.plus(amount) else {
            return Err(refuse(format!(
                "$inc at path {:?} makes an integer beyond 64 bits",
                self.shown_path()
            )));
        };
        let start = self.out.len();
        sum.write(self.out);
        self.changed |= self.out.get(start..) != Some(old.raw()?);
        Ok(())
    }

    /// Writes the array of `elements` with the edits of `branch`, whose names are positions.
    fn array(&mut self, elements: Elements<'a>, branch: &'a Branch) -> Result<()> {
        let before = elements.remaining();
        let mut after = before;
        for (name, _) in branch.edits.iter().filter(|(_, edit)| edit.creates()) {
            if name.order == usize::MAX {
                return Err(refuse(format!(
                    "the path {:?} holds an array, where {:?} is no position",
                    self.shown_path(),
                    String::from_utf8_lossy(&name.text)
                )));
            }
            if name.order >= before.saturating_add(PADDING_MAX) {
                let path = self.shown_path();
                return Err(refuse(format!(
                    "position {} is more than {PADDING_MAX} beyond the array at {path:?}",
                    name.order
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
                (Some((name, edit)), old) if old.is_some() || edit.creates() => {
                    self.path.push(&name.text);
                    self.value(old, edit)?;
                    self.path.pop();
                }
                (_, Some(old)) => self.out.extend_from_slice(old.raw()?),
                (_, None) => {
                    self.changed = true;
                    self.out.push(0xc0);
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn no_place(&self, branch: &Branch, value: &Value<'_>) -> Error {
        let name = branch
            .edits
            .keys()
            .next()
            .map(|name| String::from_utf8_lossy(&name.text))
            .unwrap_or_default();
        let (path, found) = (self.shown_path(), value.type_name());
        refuse(format!(
            "there is no place for {name:?} at path {path:?}, which holds a value of type {found}"
        ))
    }

    fn shown_path(&self) -> String {
        String::from_utf8_lossy(&self.path.join(&b'.')).into_owned()
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
        let name = Name {
            order: crate::query::path::position(key).unwrap_or(usize::MAX),
            text: key.into(),
        };
        self.edits.get(&name)
    }
}
