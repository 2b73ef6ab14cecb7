//! From the ranges of an index's fields to the stretches of the index that are read.
//!
//! The first fields give points, each of which is joined with each of the next; the field behind them may give
//! ranges, and what follows is read whatever it is. Promises: intervals rise and do not overlap; they hold every
//! entry that is wanted; there are at most `INTERVALS_MAX`.
//! Leaves to others: which ranges belong to which field (candidate.rs), reading (the collection's cursors).

use super::cut::Cut;
use super::ranges::{Range, Ranges};

/// Most intervals of one scan; more points than that are read as one range.
pub const INTERVALS_MAX: usize = 10_000;

/// Entries of an index that stand one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Entries from here on, it included.
    pub lower: Vec<u8>,
    /// Entries below this; None is to the end.
    pub upper: Option<Vec<u8>>,
}

/// The intervals of one scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Rising, without overlaps.
    pub list: Vec<Interval>,
    /// How many of the index's fields they bound.
    pub fields_count: usize,
    /// The entries are those that the fields' ranges hold, and no other.
    pub is_exact: bool,
}

impl Intervals {
    /// The intervals of the fields' `ranges`, those of descending fields turned already.
    pub fn of(fields: &[Ranges]) -> Intervals {
        let mut prefixes: Vec<Vec<u8>> = vec![Vec::new()];
        let mut fields_count = 0;
        for ranges in fields {
            let is_last = fields_count + 1 == fields.len() || !ranges.are_points();
            if prefixes.len() * ranges.as_slice().len() > INTERVALS_MAX {
                // Too many to be read one by one. Of the first field the stretch around them all is read.
                let is_first = fields_count == 0;
                let hull = if is_first {
                    ranges.hull()
                } else {
                    Ranges::everything()
                };
                return Intervals {
                    list: joined(&prefixes, &hull),
                    fields_count: fields_count + usize::from(is_first),
                    is_exact: false,
                };
            }
            fields_count += 1;
            if is_last {
                return Intervals {
                    list: joined(&prefixes, ranges),
                    fields_count,
                    is_exact: fields_count == fields.len(),
                };
            }
            prefixes = extended(&prefixes, ranges);
        }
        Intervals {
            list: joined(&prefixes, &Ranges::everything()),
            fields_count,
            is_exact: fields_count == fields.len(),
        }
    }
}

fn extended(prefixes: &[Vec<u8>], points: &Ranges) -> Vec<Vec<u8>> {
    let mut longer = Vec::with_capacity(prefixes.len() * points.as_slice().len());
    for prefix in prefixes {
        longer.extend(
            points
                .as_slice()
                .iter()
                .map(|point| [prefix, point.from.bytes()].concat()),
        );
    }
    longer
}

fn joined(prefixes: &[Vec<u8>], ranges: &Ranges) -> Vec<Interval> {
    let mut list = Vec::with_capacity(prefixes.len() * ranges.as_slice().len());
    for prefix in prefixes {
        list.extend(
            ranges
                .as_slice()
                .iter()
                .filter_map(|range| interval(prefix, range)),
        );
    }
    list
}

/// None when the range lies behind every key.
fn interval(prefix: &[u8], range: &Range) -> Option<Interval> {
    let place = |cut: &Cut| {
        if prefix.is_empty() {
            cut.position()
        } else {
            cut.behind(prefix).position()
        }
    };
    Some(Interval {
        lower: place(&range.from)?,
        upper: place(&range.to),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(keys: &[u8]) -> Ranges {
        Ranges::points(keys.iter().map(|key| Range::point(&[*key])).collect())
    }

    fn shown(intervals: &Intervals) -> Vec<String> {
        let show = |interval: &Interval| format!("{:?}-{:?}", interval.lower, interval.upper);
        intervals.list.iter().map(show).collect()
    }

    #[test]
    fn points_of_earlier_fields_stand_before_those_of_later_ones() {
        let range = Ranges::one(Range::between(Cut::after(&[5]), Cut::after(&[9])));
        let intervals = Intervals::of(&[points(&[1, 2]), range, points(&[7])]);
        assert_eq!(
            shown(&intervals),
            ["[1, 6]-Some([1, 10])", "[2, 6]-Some([2, 10])"]
        );
        // The third field bounds nothing behind a range.
        assert_eq!((intervals.fields_count, intervals.is_exact), (2, false));
        let intervals = Intervals::of(&[points(&[1, 2]), points(&[7, 8])]);
        assert_eq!(intervals.list.len(), 4);
        assert!(intervals.is_exact && intervals.list.is_sorted_by_key(|interval| &interval.lower));
        assert_eq!(shown(&Intervals::of(&[])), ["[]-None"]);
        assert!(Intervals::of(&[Ranges::nothing()]).list.is_empty());
    }

    #[test]
    fn too_many_points_are_read_as_a_range() {
        let many = Ranges::points((0..200).map(|key| Range::point(&[key])).collect());
        let intervals = Intervals::of(&[many.clone(), many.clone()]);
        assert_eq!((intervals.list.len(), intervals.fields_count), (200, 1));
        assert!(!intervals.is_exact);
        let keys = (0..=INTERVALS_MAX).map(|key| Range::point(&(key as u32).to_be_bytes()));
        let intervals = Intervals::of(&[Ranges::points(keys.collect())]);
        assert_eq!(shown(&intervals), ["[0, 0, 0, 0]-Some([0, 0, 39, 17])"]);
    }
}
