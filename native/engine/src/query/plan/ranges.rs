//! Sets of keys of one field, as ranges between cuts.
//!
//! Promises: ranges rise, are not empty and do not overlap; what is true of ascending keys stays true of the
//! turned ones. A point is the range of one whole key, behind which the keys of a compound index's next field
//! stand.
//! Leaves to others: what a filter asks (bounds.rs), ranges of compound keys (intervals.rs).

use super::cut::Cut;

/// The keys between two cuts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where it begins.
    pub from: Cut,
    /// Where it ends.
    pub to: Cut,
    /// One whole key.
    pub is_point: bool,
}

/// A set of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<Range>);

impl Range {
    /// The one key `key`.
    pub fn point(key: &[u8]) -> Range {
        Range {
            from: Cut::before(key),
            to: Cut::after(key),
            is_point: true,
        }
    }

    /// The keys from one cut to another.
    pub fn between(from: Cut, to: Cut) -> Range {
        Range {
            from,
            to,
            is_point: false,
        }
    }

    fn meet(&self, other: &Range) -> Option<Range> {
        let meeting = Range {
            from: self.from.clone().max(other.from.clone()),
            to: self.to.clone().min(other.to.clone()),
            is_point: self.is_point || other.is_point,
        };
        (meeting.from < meeting.to).then_some(meeting)
    }

    fn holds(&self, other: &Range) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    fn turned(&self) -> Range {
        Range {
            from: self.to.clone().turned(),
            to: self.from.clone().turned(),
            is_point: self.is_point,
        }
    }
}

impl Ranges {
    /// No key.
    pub const fn nothing() -> Ranges {
        Ranges(Vec::new())
    }

    /// Every key.
    pub fn everything() -> Ranges {
        Ranges(vec![Range::between(Cut::before(&[]), Cut::after(&[]))])
    }

    /// One range.
    pub fn one(range: Range) -> Ranges {
        Ranges(if range.from < range.to {
            vec![range]
        } else {
            Vec::new()
        })
    }

    /// The keys of all `points`, in any order and repeated or not.
    pub fn points(mut points: Vec<Range>) -> Ranges {
        points.sort_unstable_by(|left, right| left.from.cmp(&right.from));
        points.dedup();
        Ranges(points)
    }

    /// The ranges, rising.
    pub fn as_slice(&self) -> &[Range] {
        &self.0
    }

    /// True when no key is in the set.
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// True when each range is one whole key.
    pub fn are_points(&self) -> bool {
        self.0.iter().all(|range| range.is_point)
    }

    /// True when the set is one whole key.
    pub fn is_one_point(&self) -> bool {
        matches!(self.0.as_slice(), [range] if range.is_point)
    }

    /// The keys in both sets.
    pub fn meet(&self, other: &Ranges) -> Ranges {
        let mut found = Vec::new();
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            found.extend(one.meet(two));
            if one.to <= two.to {
                left.next();
            } else {
                right.next();
            }
        }
        Ranges(found)
    }

    /// True when every key of `other` is in this set.
    pub fn hold(&self, other: &Ranges) -> bool {
        other
            .0
            .iter()
            .all(|range| self.0.iter().any(|own| own.holds(range)))
    }

    /// The smallest single range with all keys of the set.
    pub fn hull(&self) -> Ranges {
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) if self.0.len() > 1 => {
                Ranges::one(Range::between(first.from.clone(), last.to.clone()))
            }
            _ => self.clone(),
        }
    }

    /// The same values among the keys of a descending field.
    pub fn turned(&self) -> Ranges {
        Ranges(self.0.iter().rev().map(Range::turned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(from: u8, to: u8) -> Range {
        Range::between(Cut::before(&[from]), Cut::before(&[to]))
    }

    #[test]
    fn meeting_keeps_what_both_sets_have() {
        let left = Ranges(vec![between(1, 5), between(7, 9)]);
        let right = Ranges(vec![between(0, 2), between(4, 8), Range::point(&[8, 1])]);
        let wanted = Ranges(vec![
            between(1, 2),
            between(4, 5),
            between(7, 8),
            Range::point(&[8, 1]),
        ]);
        assert_eq!(left.meet(&right), wanted);
        assert_eq!(right.meet(&left), wanted);
        assert!(left.hold(&wanted) && right.hold(&wanted) && !wanted.hold(&left));
        assert_eq!(wanted.turned().turned(), wanted);
        assert_eq!(left.turned().meet(&right.turned()), wanted.turned());
        assert!(wanted.hull().hold(&wanted));
    }

    #[test]
    fn empty_ranges_are_nothing() {
        assert!(Ranges::one(between(5, 5)).is_nothing());
        assert!(Ranges::one(between(6, 5)).is_nothing());
        assert!(Ranges::everything().meet(&Ranges::nothing()).is_nothing());
        assert!(Ranges::nothing().hull().is_nothing());
    }

    #[test]
    fn points_rise_and_differ() {
        let points = Ranges::points([3, 1, 3, 2].map(|key| Range::point(&[key])).to_vec());
        let keys: Vec<_> = points.as_slice().iter().map(|range| range.from.bytes()).collect();
        assert_eq!(keys, [[1], [2], [3]]);
        assert!(points.are_points() && !points.is_one_point());
    }
}
