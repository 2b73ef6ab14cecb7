//! A table of handles: numbers that JavaScript keeps in place of pointers.
//!
//! Promises: a handle names one entry for ever; after the entry is removed the number never finds another one,
//! because each place carries a generation that rises with every use. A handle is a whole number below 2^53, and
//! it is small (below 2^31) as long as its place was used fewer than 2,048 times, which V8 passes without an
//! allocation. Leaves to others: what an entry is (environment.rs).

/// Places of one table: more handles than this cannot be open at once.
const PLACES_MAX: usize = 1 << PLACE_BITS;
/// Bits of a handle that number its place.
const PLACE_BITS: u32 = 20;

/// Entries by handle.
pub struct HandleTable<T> {
    places: Vec<Place<T>>,
    /// Free places, the one freed last at the end: few places are used often, so handles stay small numbers.
    free: Vec<u32>,
}

struct Place<T> {
    generation: u32,
    entry: Option<T>,
}

impl<T> HandleTable<T> {
    /// A table without entries.
    pub const fn new() -> HandleTable<T> {
        HandleTable {
            places: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Keeps `entry` and gives its handle; `None` when every place is taken.
    pub fn insert(&mut self, entry: T) -> Option<u64> {
        let number = match self.free.pop() {
            Some(number) => number as usize,
            None if self.places.len() < PLACES_MAX => {
                // Generations begin with 1: the number 0 is never a handle.
                self.places.push(Place {
                    generation: 1,
                    entry: None,
                });
                self.places.len() - 1
            }
            None => return None,
        };
        let place = self.places.get_mut(number)?;
        place.entry = Some(entry);
        Some(u64::from(place.generation) << PLACE_BITS | number as u64)
    }

    /// The entry of `handle`; `None` when it was removed or never was.
    #[inline]
    pub fn get(&self, handle: u64) -> Option<&T> {
        let place = self.places.get(place_of(handle))?;
        if u64::from(place.generation) == handle >> PLACE_BITS {
            place.entry.as_ref()
        } else {
            None
        }
    }

    /// Takes the entry of `handle` out; the handle is stale from then on.
    pub fn remove(&mut self, handle: u64) -> Option<T> {
        self.get(handle)?;
        let number = place_of(handle);
        let place = self.places.get_mut(number)?;
        let entry = place.entry.take();
        // A place whose generations are used up is never used again.
        if let Some(generation) = place.generation.checked_add(1) {
            place.generation = generation;
            self.free.push(number as u32);
        }
        entry
    }

    /// The handles of the entries that `is_wanted` picks.
    pub fn handles_where(&self, is_wanted: impl Fn(&T) -> bool) -> Vec<u64> {
        self.places
            .iter()
            .enumerate()
            .filter(|(_, place)| place.entry.as_ref().is_some_and(&is_wanted))
            .map(|(number, place)| u64::from(place.generation) << PLACE_BITS | number as u64)
            .collect()
    }
}

/// The place that `handle` names.
fn place_of(handle: u64) -> usize {
    (handle & (PLACES_MAX as u64 - 1)) as usize
}
