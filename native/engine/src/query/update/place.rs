//! The paths of updates: read, checked, and hung into the tree of edits.
//!
//! A step is a name (a position too), `$`, `$[]` or `$[name]`. Promises: no path is the beginning of another;
//! names and selectors do not stand side by side below one path.
//! Leaves to others: what the edits are (operands.rs), `$` in a document (resolve.rs).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::error::{Error, Result};
use crate::format::survey::ID_KEY;
use crate::limits::DEPTH_MAX;
use crate::query::update::array_filter::ArrayFilters;
use crate::query::update::{Branch, Edit, Name, Selector, refuse, show};

/// The name that stands for the matched position.
pub(super) const MATCHED: &[u8] = b"$";

/// A path that an operator was given.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    /// The operator, for messages.
    pub(super) operator: &'a [u8],
    /// The path as it was written.
    pub(super) path: &'a [u8],
    /// One for each name of the path.
    pub(super) steps: Vec<Step<'a>>,
}

/// One step of a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Name(&'a [u8]),
    Each(Selector),
}

impl<'a> Place<'a> {
    /// Reads `path`, marking the array filters that it uses.
    ///
    /// Errors: INVALID_UPDATE for paths that are too long, lead into the `_id`, or have a name that cannot
    /// stand where it does.
    pub(super) fn parse(operator: &'a [u8], path: &'a [u8], filters: &mut ArrayFilters) -> Result<Place<'a>> {
        let mut place = Place {
            operator,
            path,
            steps: Vec::new(),
        };
        let mut matched = 0;
        for (index, name) in path.split(|byte| *byte == b'.').enumerate() {
            if index == DEPTH_MAX {
                let name = show(operator);
                let path = show(path);
                return Err(refuse(format!(
                    "{name} was given a path of more than {DEPTH_MAX} names: {path}"
                )));
            }
            if name.first() == Some(&b'$') && index == 0 {
                return Err(place.wrong("begins with a name that begins with $; a field's name comes first"));
            }
            matched += usize::from(name == MATCHED);
            let step = place.step(name, filters)?;
            place.steps.push(step);
        }
        if path == ID_KEY || path.starts_with(b"_id.") {
            return Err(refuse(format!(
                "{} at path {:?} would change the _id, which never changes",
                show(operator),
                show(path)
            )));
        }
        if matched > 1 {
            return Err(place.wrong("has more than one $; one array element is matched"));
        }
        Ok(place)
    }

    fn step(&self, name: &'a [u8], filters: &mut ArrayFilters) -> Result<Step<'a>> {
        match name {
            [] => Err(self.wrong("has an empty name")),
            MATCHED => Ok(Step::Name(name)),
            b"$[]" => Ok(Step::Each(Selector::All)),
            [b'$', b'[', identifier @ .., b']'] => match filters.use_by_name(identifier) {
                Some(number) => Ok(Step::Each(Selector::Matching(number))),
                None => Err(self.wrong(&format!(
                    "names {}, for which no array filter was given",
                    show(name)
                ))),
            },
            [b'$', ..] => Err(self.wrong(&format!(
                "has the name {}; of names that begin with $ only $, $[] and $[name] are supported in paths",
                show(name)
            ))),
            _ => Ok(Step::Name(name)),
        }
    }

    /// True when the path has a `$`, `$[]` or `$[name]`.
    pub(super) fn is_dynamic(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::Each(_) | Step::Name(MATCHED)))
    }

    /// The path before the first `$`, where it has one.
    pub(super) fn position_array(&self) -> Option<&'a [u8]> {
        let index = self
            .steps
            .iter()
            .position(|step| matches!(step, Step::Name(MATCHED)))?;
        self.path.get(..self.end_of(index).checked_sub(1)?)
    }

    /// Where the names before step `index` end in the path, with their dot.
    fn end_of(&self, index: usize) -> usize {
        let names = self.path.split(|byte| *byte == b'.').take(index);
        names.map(|name| name.len() + 1).sum()
    }

    /// The operator with its path, for messages.
    pub(super) fn shown(&self) -> String {
        format!("{} at path {:?}", show(self.operator), show(self.path))
    }

    fn wrong(&self, reason: &str) -> Error {
        refuse(format!(
            "{} was given the path {:?}, which {reason}",
            show(self.operator),
            show(self.path)
        ))
    }

    /// Hangs `edit` into the tree. Errors: INVALID_UPDATE when another edit is in its way.
    pub(super) fn hang(&self, root: &mut Branch, edit: Edit) -> Result<()> {
        let hung = match self.steps.split_first() {
            Some((Step::Name(name), rest)) => hang_at(root.edits.entry(Name::new(name)), rest, edit),
            _ => Err(0),
        };
        hung.map_err(|remaining| {
            let taken = self.steps.len().saturating_sub(remaining);
            let end = self.end_of(taken).saturating_sub(1);
            let at = show(self.path.get(..end).unwrap_or(self.path));
            refuse(format!(
                "{} conflicts with another change at {at:?}; change each once",
                self.shown()
            ))
        })
    }
}

/// Hangs `edit` below `parent`; on a conflict, how many steps were not taken.
fn hang(parent: &mut Edit, steps: &[Step<'_>], edit: Edit) -> std::result::Result<(), usize> {
    match (parent, steps.split_first()) {
        (Edit::Branch(branch), Some((Step::Name(name), rest))) => {
            hang_at(branch.edits.entry(Name::new(name)), rest, edit)
        }
        (Edit::Elements(elements), Some((Step::Each(selector), rest))) => {
            hang_at(elements.entry(*selector), rest, edit)
        }
        _ => Err(steps.len()),
    }
}

fn hang_at<K: Ord>(
    entry: Entry<'_, K, Edit>,
    rest: &[Step<'_>],
    edit: Edit,
) -> std::result::Result<(), usize> {
    match (entry, rest.first()) {
        (Entry::Vacant(place), None) => {
            place.insert(edit);
            Ok(())
        }
        (Entry::Vacant(place), Some(Step::Name(_))) => {
            hang(place.insert(Edit::Branch(Branch::default())), rest, edit)
        }
        (Entry::Vacant(place), Some(Step::Each(_))) => {
            hang(place.insert(Edit::Elements(BTreeMap::new())), rest, edit)
        }
        (Entry::Occupied(place), Some(_)) => hang(place.into_mut(), rest, edit),
        (Entry::Occupied(_), None) => Err(0),
    }
}

/// Works out for every branch whether it makes fields.
pub(super) fn mark_creating(branch: &mut Branch) {
    branch.edits.values_mut().for_each(mark_edit);
    branch.creates = branch.edits.values().any(Edit::creates);
}

fn mark_edit(edit: &mut Edit) {
    match edit {
        Edit::Branch(branch) => mark_creating(branch),
        Edit::Elements(elements) => elements.values_mut().for_each(mark_edit),
        Edit::Leaf(_) => {}
    }
}
