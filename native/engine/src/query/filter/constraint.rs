//! What a filter asks of single paths, for choosing an index and its bounds.
//!
//! Promises: every document that matches a filter meets each of its constraints, and one branch of each of
//! its disjunctions; the converse holds where `Filter::constraints_are_all` says so. Two constraints on one
//! path may be met by different elements of an array: bounds may be joined only where an index holds no
//! arrays on that path.
//! Leaves to others: index keys and bounds (collection), testing documents (matcher.rs).

use std::borrow::Cow;

use crate::query::filter::{Condition, Filter, Node, Term, Test};
use crate::query::literal::{Literal, LiteralSet};

/// What is asked of the values at one path.
#[derive(Clone, Debug)]
pub struct Constraint<'a> {
    /// The path, its names joined by dots.
    pub path: Cow<'a, [u8]>,
    /// What must hold for one of the path's values.
    pub restriction: Restriction<'a>,
}

/// A restriction of the values that a path may have. Each holds when it holds for an element of an array at
/// the path or for the array as a whole.
#[derive(Clone, Debug)]
pub enum Restriction<'a> {
    /// Equal to the operand; null stands for missing as well.
    Equal(&'a Literal),
    /// Equal to one of the operands; none means that no document matches.
    In(&'a LiteralSet),
    /// Within bounds, and of the type of the operands: NaN lies within no bounds but its own.
    Range {
        /// The lower bound; None is the start of the upper operand's type.
        lower: Option<Bound<'a>>,
        /// The upper bound; None is the end of the lower operand's type.
        upper: Option<Bound<'a>>,
    },
    /// Text that begins with these bytes.
    Prefix(&'a [u8]),
    /// The field is there, or is not.
    Exists(bool),
}

/// One end of a range.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// The operand that bounds it.
    pub literal: &'a Literal,
    /// Values equal to the operand are within.
    pub is_inclusive: bool,
}

impl Filter {
    /// The conditions on single paths that must all hold. An empty list says nothing.
    pub fn constraints(&self) -> Vec<Constraint<'_>> {
        let direct = self.direct.iter().flatten();
        let mut found: Vec<_> = direct
            .filter_map(|condition| self.constraint(condition))
            .collect();
        for node in &self.rest {
            if !matches!(node, Node::Any(_)) {
                self.collect(node, &mut found);
            }
        }
        found
    }

    /// True when documents that meet every one of [`Filter::constraints`] match: nothing else is asked.
    pub fn constraints_are_all(&self) -> bool {
        let mut direct = self.direct.iter().flatten();
        let is_said = |condition: &Condition| match &condition.term.test {
            Test::Pattern(pattern) => condition.wanted && pattern.is_prefix(),
            _ => self.constraint(condition).is_some(),
        };
        self.rest.is_empty() && direct.all(is_said)
    }

    /// For each `$or` that must hold: the constraints of each of its branches. A branch with an empty list
    /// may be met by any document.
    pub fn branches(&self) -> Vec<Vec<Vec<Constraint<'_>>>> {
        let disjunctions = self.rest.iter().filter_map(|node| match node {
            Node::Any(branches) => Some(branches),
            _ => None,
        });
        let of_branch = |branch| {
            let mut found = Vec::new();
            self.collect(branch, &mut found);
            found
        };
        disjunctions
            .map(|branches| branches.iter().map(of_branch).collect())
            .collect()
    }

    fn collect<'a>(&'a self, node: &'a Node, found: &mut Vec<Constraint<'a>>) {
        match node {
            Node::Condition(condition) => found.extend(self.constraint(condition)),
            Node::All(nodes) => nodes.iter().for_each(|node| self.collect(node, found)),
            Node::Any(_) | Node::Not(_) | Node::Expression(_) | Node::Schema(_) => {}
        }
    }

    fn constraint<'a>(&'a self, condition: &'a Condition) -> Option<Constraint<'a>> {
        let restriction = match &condition.term.test {
            Test::Exists => Restriction::Exists(condition.wanted),
            _ if !condition.wanted => return None,
            Test::Equal(literal) => Restriction::Equal(literal),
            Test::In(set) => Restriction::In(set),
            Test::Ordered(literal, wanted) => {
                let bound = Some(Bound {
                    literal,
                    is_inclusive: wanted.equal,
                });
                let (lower, upper) = if wanted.less { (None, bound) } else { (bound, None) };
                Restriction::Range { lower, upper }
            }
            Test::Pattern(pattern) => Restriction::Prefix(pattern.prefix()?),
            _ => return None,
        };
        Some(Constraint {
            path: self.path_of(&condition.term),
            restriction,
        })
    }

    fn path_of(&self, term: &Term) -> Cow<'_, [u8]> {
        let root = self.roots.get(term.root).map_or(&[][..], |root| root);
        if term.rest.is_empty() {
            return Cow::Borrowed(root);
        }
        let mut path = root.to_vec();
        for segment in &term.rest {
            path.push(b'.');
            path.extend_from_slice(&segment.name);
        }
        Cow::Owned(path)
    }
}

#[cfg(test)]
mod tests;
