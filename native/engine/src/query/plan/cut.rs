//! Cuts: the places between keys where a range of an index begins or ends.
//!
//! A cut stands before or after all keys that begin with its bytes, so the same cut serves one key, the keys
//! of a type, of texts with one beginning, and of a compound key's first fields. Promises: cuts are ordered as
//! the places that they stand at; turning a cut for a descending field twice gives it back.
//! Leaves to others: which keys are wanted (bounds.rs), sets of ranges (ranges.rs).

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::format::key::{complement, step_behind};

/// Bytes of a cut that are kept without an allocation.
const INLINE_BYTES: usize = 24;

/// A place between keys.
#[derive(Clone, Debug)]
pub struct Cut {
    bytes: SmallVec<[u8; INLINE_BYTES]>,
    is_after: bool,
}

impl Cut {
    /// Before all keys that begin with `bytes`.
    pub fn before(bytes: &[u8]) -> Cut {
        Cut {
            bytes: SmallVec::from_slice(bytes),
            is_after: false,
        }
    }

    /// After all keys that begin with `bytes`.
    pub fn after(bytes: &[u8]) -> Cut {
        Cut {
            bytes: SmallVec::from_slice(bytes),
            is_after: true,
        }
    }

    /// What the keys at the cut begin with.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it stands after the keys that begin with `bytes`.
    pub fn is_after(&self) -> bool {
        self.is_after
    }

    /// The same place among the keys of a descending field.
    pub fn turned(mut self) -> Cut {
        complement(&mut self.bytes);
        self.is_after = !self.is_after;
        self
    }

    /// The place in a compound key whose earlier fields have the key `prefix`.
    pub fn behind(&self, prefix: &[u8]) -> Cut {
        let mut bytes = SmallVec::from_slice(prefix);
        bytes.extend_from_slice(&self.bytes);
        Cut {
            bytes,
            is_after: self.is_after,
        }
    }

    /// The lowest bytes that no key before the cut reaches; None when every key is before it.
    pub fn position(&self) -> Option<Vec<u8>> {
        let mut bytes = self.bytes.to_vec();
        if self.is_after && !step_behind(&mut bytes) {
            return None;
        }
        Some(bytes)
    }
}

impl Ord for Cut {
    fn cmp(&self, other: &Cut) -> Ordering {
        let shared = self.bytes.len().min(other.bytes.len());
        let order = self.bytes.get(..shared).cmp(&other.bytes.get(..shared));
        order.then_with(|| match self.bytes.len().cmp(&other.bytes.len()) {
            Ordering::Equal => self.is_after.cmp(&other.is_after),
            // The longer one lies among the keys that the shorter one stands before or after.
            Ordering::Less if self.is_after => Ordering::Greater,
            Ordering::Less => Ordering::Less,
            Ordering::Greater if other.is_after => Ordering::Less,
            Ordering::Greater => Ordering::Greater,
        })
    }
}

impl PartialOrd for Cut {
    fn partial_cmp(&self, other: &Cut) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cut {
    fn eq(&self, other: &Cut) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cut {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_stand_in_the_order_of_the_keys_around_them() {
        let ordered = [
            Cut::before(&[]),
            Cut::before(&[0x10]),
            Cut::after(&[0x10]),
            Cut::before(&[0x31]),
            Cut::before(&[0x31, 4]),
            Cut::after(&[0x31, 4]),
            Cut::after(&[0x31]),
            Cut::after(&[]),
        ];
        for (index, left) in ordered.iter().enumerate() {
            for (other, right) in ordered.iter().enumerate() {
                assert_eq!(left.cmp(right), index.cmp(&other), "{left:?} {right:?}");
                let turned = right.clone().turned().cmp(&left.clone().turned());
                assert_eq!(turned, index.cmp(&other), "{left:?} {right:?} turned");
            }
        }
    }

    #[test]
    fn position_is_the_lowest_key_that_may_follow() {
        assert_eq!(Cut::before(&[1, 2]).position(), Some(vec![1, 2]));
        assert_eq!(Cut::after(&[1, 2]).position(), Some(vec![1, 3]));
        assert_eq!(Cut::after(&[1, 255]).position(), Some(vec![2]));
        assert_eq!(Cut::after(&[255]).position(), None);
        assert_eq!(Cut::after(&[]).position(), None);
        assert_eq!(Cut::after(&[2]).behind(&[1]).position(), Some(vec![1, 3]));
    }
}
