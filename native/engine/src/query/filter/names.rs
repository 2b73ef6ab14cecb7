//! The first names of a filter's paths, each with a number.
//!
//! Promises: a name has one number, in the order in which names came; finding one costs the same however many there
//! are. Leaves to others: what stands behind the first name (query/path.rs).

use std::collections::HashMap;

/// Names that are looked for one by one; a table of more costs less.
const SEARCHED_MAX: usize = 16;

/// First names of the paths of one document.
#[derive(Default)]
pub(super) struct Names {
    /// The names, by their numbers.
    pub roots: Vec<Box<[u8]>>,
    /// Their numbers, once there are more than `SEARCHED_MAX`.
    numbers: HashMap<Box<[u8]>, usize>,
}

impl Names {
    /// The number of `name`, a new one where it has none.
    pub fn number(&mut self, name: Box<[u8]>) -> usize {
        if let Some(number) = self.find(&name) {
            return number;
        }
        let number = self.roots.len();
        self.roots.push(name);
        if self.roots.len() > SEARCHED_MAX {
            let unknown = self.roots.iter().enumerate().skip(self.numbers.len());
            self.numbers
                .extend(unknown.map(|(number, name)| (name.clone(), number)));
        }
        number
    }

    /// The number of `name`, if it has one.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        if self.roots.len() > SEARCHED_MAX {
            return self.numbers.get(name).copied();
        }
        self.roots.iter().position(|root| **root == *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_however_many_come() {
        let name = |number: usize| -> Box<[u8]> { number.to_string().into_bytes().into() };
        let mut names = Names::default();
        for count in 1..=3 * SEARCHED_MAX {
            assert_eq!(names.find(&name(count)), None);
            assert_eq!(names.number(name(count)), count - 1);
            for known in 1..=count {
                assert_eq!(names.number(name(known)), known - 1);
            }
        }
    }
}
