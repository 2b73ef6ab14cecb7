//! Trees of fields: the paths that a projection or a stage names, and what becomes of each.
//!
//! Shared by projections of results (projection.rs) and by `$set`, `$unset`, `$project` (expression_stages.rs),
//! which differ in their leaves. Promises: no path of a tree leads through another one, names can be names of
//! fields, a projection keeps or drops but not both; a tree is at most as deep as documents nest.
//! Leaves to others: what a leaf means, and doing it. Source: MongoDB manual, "$project", "Path Collision".

use hashbrown::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::format::owned::utf8;
use crate::format::survey::ID_KEY;
use crate::format::value::{Cursor, Fields, Value};
use crate::limits::DEPTH_MAX;
use crate::query::TERMS_MAX;

/// Fields of a shape up to which names are compared one by one.
const SCANNED_MAX: usize = 12;

/// What becomes of the fields of one map.
#[derive(Debug)]
pub(super) struct Shape<L> {
    /// In the order they were named.
    fields: Vec<(Box<str>, Field<L>)>,
    /// Places in `fields` by name.
    by_name: HashMap<Box<[u8]>, usize>,
    /// Fields that are not named stay: `$set`, `$unset`, and projections that exclude.
    keeps_others: bool,
    /// Some field below is computed.
    computes: bool,
}

/// What becomes of one field.
#[derive(Debug)]
pub(super) enum Field<L> {
    Leaf(L),
    Below(Shape<L>),
}

/// What a leaf does to its field, as far as the tree is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Keep,
    Drop,
    Compute,
    /// Keeps a part of an array: stands in either kind of projection, and by itself keeps other fields.
    Slice,
    /// Keeps one element of an array: stands in either kind of projection, and by itself keeps no others.
    Pick,
}

/// The end of a path.
pub(super) trait Leaf {
    /// The leaf of a field that stays as it is.
    const KEEP: Self;

    fn role(&self) -> Role;
}

impl<L: Leaf> Shape<L> {
    fn new(keeps_others: bool) -> Shape<L> {
        Shape {
            fields: Vec::new(),
            by_name: HashMap::new(),
            keeps_others,
            computes: false,
        }
    }

    /// True when fields that are not named stay.
    #[inline]
    pub(super) fn keeps_others(&self) -> bool {
        self.keeps_others
    }

    /// True when some field below is computed, so that the shape makes a map of anything.
    #[inline]
    pub(super) fn computes(&self) -> bool {
        self.computes
    }

    /// True when the field `root` comes out as it came in.
    pub(super) fn leaves_alone(&self, root: &[u8]) -> bool {
        let place = self.place_of(root).and_then(|place| self.fields.get(place));
        match place {
            None => self.keeps_others,
            Some((_, Field::Leaf(leaf))) => leaf.role() == Role::Keep,
            Some((_, Field::Below(_))) => false,
        }
    }

    /// The fields named, in their order.
    #[inline]
    pub(super) fn fields(&self) -> &[(Box<str>, Field<L>)] {
        &self.fields
    }

    /// The place of `name` among the fields named.
    #[inline]
    pub(super) fn place_of(&self, name: &[u8]) -> Option<usize> {
        if self.fields.len() > SCANNED_MAX {
            return self.by_name.get(name).copied();
        }
        // Length and first byte tell most names apart without a call to compare them.
        self.fields.iter().position(|(known, _)| {
            let known = known.as_bytes();
            known.len() == name.len() && known.first() == name.first() && known == name
        })
    }

    /// The field at `place`.
    #[inline]
    pub(super) fn field(&self, place: usize) -> Option<&Field<L>> {
        self.fields.get(place).map(|(_, field)| field)
    }

    /// Puts `leaf` at `path`; false when another path is in its way.
    fn insert(&mut self, path: &[&str], leaf: L) -> bool {
        let Some((name, rest)) = path.split_first() else {
            return false;
        };
        self.computes |= matches!(leaf.role(), Role::Compute | Role::Pick);
        let keeps_others = self.keeps_others;
        let place = self.by_name.get(name.as_bytes()).copied();
        if let Some((_, present)) = place.and_then(|place| self.fields.get_mut(place)) {
            return match present {
                Field::Below(below) if !rest.is_empty() => below.insert(rest, leaf),
                _ => false,
            };
        }
        let mut fits = true;
        let field = if rest.is_empty() {
            Field::Leaf(leaf)
        } else {
            let mut below = Shape::new(keeps_others);
            fits = below.insert(rest, leaf);
            Field::Below(below)
        };
        self.by_name.insert(name.as_bytes().into(), self.fields.len());
        self.fields.push(((*name).into(), field));
        fits
    }
}

/// Paths and their leaves while a tree is compiled, in their order.
pub(super) struct Leaves<'a, L> {
    list: Vec<(Vec<&'a str>, L)>,
    /// The kind of what is refused.
    kind: ErrorKind,
}

/// What makes a leaf: of its path, each name still whole, which it may change, and of its operand.
pub(super) type MakeLeaf<'m, 'a, L> = &'m mut dyn FnMut(&mut Vec<&'a str>, Cursor<'a>) -> Result<L>;

impl<'a, L: Leaf> Leaves<'a, L> {
    /// No paths yet; `kind` is that of every error.
    pub(super) fn new(kind: ErrorKind) -> Leaves<'a, L> {
        Leaves {
            list: Vec::new(),
            kind,
        }
    }

    /// Adds the paths of `fields`: maps are opened unless they are expressions, and `make` makes leaves of
    /// everything else. Errors: of the kind given, for paths that are none; those of `make`.
    pub(super) fn collect(&mut self, fields: Fields<'a>, make: MakeLeaf<'_, 'a, L>) -> Result<()> {
        self.collect_below(fields, &[], make)
    }

    fn collect_below(
        &mut self,
        mut fields: Fields<'a>,
        outer: &[&'a str],
        make: MakeLeaf<'_, 'a, L>,
    ) -> Result<()> {
        while let Some((key, operand)) = fields.take_next()? {
            let mut path = outer.to_vec();
            path.push(utf8(key)?);
            if let Value::Map(below) = operand.value()? {
                if below.remaining() == 0 {
                    return Err(self.refuse(format!(
                        "an empty map at {:?} is no expression; {{$literal: {{}}}} is an empty document",
                        path.join(".")
                    )));
                }
                if !self.is_expression(below)? {
                    self.collect_below(below, &path, make)?;
                    continue;
                }
            }
            let leaf = make(&mut path, operand)?;
            self.add(&path, leaf)?;
        }
        Ok(())
    }

    /// Adds a path, parting names at their dots. Errors: of the kind given.
    pub(super) fn add(&mut self, path: &[&'a str], leaf: L) -> Result<()> {
        let names: Vec<&str> = path.iter().flat_map(|name| name.split('.')).collect();
        if names.iter().any(|name| name.is_empty() || name.starts_with('$')) {
            return Err(self.refuse(format!(
                "{:?} is no path of fields; names are not empty and do not begin with $",
                path.join(".")
            )));
        }
        if names.len() > DEPTH_MAX || self.list.len() >= TERMS_MAX {
            return Err(self.refuse(format!(
                "more than {TERMS_MAX} paths, or one of more than {DEPTH_MAX} names, were given"
            )));
        }
        self.list.push((names, leaf));
        Ok(())
    }

    /// The tree of the paths. Errors: of the kind given, when one path leads through another.
    pub(super) fn into_shape(self, keeps_others: bool) -> Result<Shape<L>> {
        let mut shape = Shape::new(keeps_others);
        for (path, leaf) in self.list {
            if !shape.insert(&path, leaf) {
                return Err(Error::new(
                    self.kind,
                    format!(
                        "the path {:?} conflicts with another one; name each field once",
                        path.join(".")
                    ),
                ));
            }
        }
        Ok(shape)
    }

    /// The tree of a projection, which keeps what is named or drops it; the `_id` stays unless it is dropped
    /// by name. Errors: of the kind given, for a projection that does both.
    pub(super) fn into_projection(mut self) -> Result<Shape<L>> {
        let excludes = self.excludes();
        let wrong = |role| match role {
            Role::Keep | Role::Compute => excludes,
            Role::Drop => !excludes,
            Role::Slice | Role::Pick => false,
        };
        let mut others = self.list.iter().filter(|(path, _)| !is_id(path));
        if let Some((path, _)) = others.find(|(_, leaf)| wrong(leaf.role())) {
            let path = path.join(".");
            return Err(self.refuse(if excludes {
                format!("the projection drops fields, and {path:?} keeps or computes one; use one kind only")
            } else {
                format!("the projection keeps fields, and {path:?} drops one; use one kind only")
            }));
        }
        let names_id = self.list.iter().any(|(path, _)| path.first() == Some(&"_id"));
        // What is left of the other kind is about the _id, and says what happens anyway.
        self.list.retain(|(_, leaf)| !wrong(leaf.role()));
        if !excludes && !names_id {
            self.list.insert(0, (vec!["_id"], L::KEEP));
        }
        self.into_shape(excludes)
    }

    /// Whether the projection drops what it names: as the first path but `_id` says. Where none does, a slice
    /// stands for dropping unless the `_id` is kept by name, and a picked element for keeping.
    fn excludes(&self) -> bool {
        let role_at = |wanted: &dyn Fn(&[&str]) -> bool| {
            self.list
                .iter()
                .filter(move |(path, _)| wanted(path))
                .map(|(_, leaf)| leaf.role())
                .collect::<Vec<Role>>()
        };
        let others = role_at(&|path| !is_id(path));
        let telling = others
            .iter()
            .find(|role| !matches!(role, Role::Slice | Role::Pick));
        let picks_only = others.contains(&Role::Pick) && !others.contains(&Role::Slice);
        match (telling, role_at(&is_id).first()) {
            (Some(role), _) => *role == Role::Drop,
            (None, _) if picks_only => false,
            (None, Some(Role::Keep | Role::Compute)) => false,
            (None, _) => true,
        }
    }

    /// True when a map is an operator with its operands. Errors: of the kind given, for one mixed with fields.
    fn is_expression(&self, mut fields: Fields<'_>) -> Result<bool> {
        let count = fields.remaining();
        while let Some((key, _)) = fields.take_next()? {
            if key.first() == Some(&b'$') {
                return match count {
                    1 => Ok(true),
                    _ => Err(self.refuse(format!(
                        "{:?} stands beside other names; an expression is one operator",
                        String::from_utf8_lossy(key)
                    ))),
                };
            }
        }
        Ok(false)
    }

    fn refuse(&self, message: impl Into<String>) -> Error {
        Error::new(self.kind, message)
    }
}

fn is_id(path: &[&str]) -> bool {
    matches!(path, [name] if name.as_bytes() == ID_KEY)
}

/// Whether an operand of a projection keeps its field or drops it; None for what computes it.
pub(super) fn flag(operand: Cursor<'_>) -> Result<Option<bool>> {
    Ok(match operand.value()? {
        Value::Bool(truth) => Some(truth),
        Value::Int(number) => Some(number != 0),
        Value::UInt(_) => Some(true),
        Value::Float(number) => Some(number != 0.0),
        _ => None,
    })
}
