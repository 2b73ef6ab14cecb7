//! Which pages have room: lists of map entries by free-space class, in memory.
//!
//! Each map entry with room stands in the list of its class, each vacant one in a list of its own; finding,
//! adding and taking out are O(1). The lists are built from the map pages, some at a time when room is
//! searched, so that opening a collection reads nothing; heap pages are never read for it.
//! Promises: an entry stands in the list that was last set for it, or in none; what the lists know is never
//! more than a hint: callers look at the page before they use it.
//! Leaves to others: what the map pages say (map.rs). Guarded by the collection's exclusive lock.

use quire_frames::PageNumber;

use crate::error::Result;
use crate::format::fields::damaged;
use crate::format::heap_map::{self, CLASSES, MAP_ENTRIES};
use crate::pager::Pager;

/// Map pages read at most in one search; reading the whole map is spread over many.
const MAPS_PER_SEARCH_MAX: usize = 4;
/// Documents that a page should have room for, so that it serves more than one insert, where there is a choice.
const DOCUMENTS_WANTED: usize = 4;

const NO_NODE: u32 = u32::MAX;
const UNLISTED: u8 = u8::MAX;
/// Vacant entries use the list of class 0: pages without room are in no list.
const VACANT: u8 = 0;

/// An entry of the map: the map page, its place in the chain, and the index in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The map page.
    pub map_page: PageNumber,
    /// Place of the map page in its chain.
    pub ordinal: u32,
    /// Index of the entry.
    pub index: u16,
}

/// What a map entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No page: the entry may be used for a new one.
    Vacant,
    /// A page with this free-space class.
    Class(u8),
}

/// The lists of one heap.
pub struct Space {
    maps: Vec<Map>,
    /// First node of each list.
    heads: [u32; CLASSES],
    /// The map page that is read next; `None` once all are known.
    unread: Option<PageNumber>,
}

/// One map page's nodes.
struct Map {
    page: PageNumber,
    /// Neighbours of each node in its list.
    links: Box<[Links]>,
    /// The list of each node.
    lists: Box<[u8]>,
}

#[derive(Clone, Copy)]
struct Links {
    previous: u32,
    next: u32,
}

impl Map {
    fn new(page: PageNumber) -> Map {
        let unlinked = Links {
            previous: NO_NODE,
            next: NO_NODE,
        };
        Map {
            page,
            links: vec![unlinked; MAP_ENTRIES].into_boxed_slice(),
            lists: vec![UNLISTED; MAP_ENTRIES].into_boxed_slice(),
        }
    }
}

impl Space {
    /// The lists of a heap whose map begins at `first_map`; nothing is read yet.
    pub fn unread(first_map: PageNumber) -> Space {
        Space {
            maps: Vec::new(),
            heads: [NO_NODE; CLASSES],
            unread: Some(first_map),
        }
    }

    /// A map page was added behind the others.
    pub fn add_map(&mut self, page: PageNumber) {
        if self.unread.is_none() {
            self.maps.push(Map::new(page));
        }
    }

    /// Notes what an entry stands for from now on. An entry that was not read yet is found when it is.
    pub fn set(&mut self, ordinal: u32, index: u16, standing: Standing) {
        let list = match standing {
            Standing::Vacant => VACANT,
            Standing::Class(class) if usize::from(class) < CLASSES && class > 0 => class,
            Standing::Class(_) => UNLISTED,
        };
        if (ordinal as usize) < self.maps.len() && usize::from(index) < MAP_ENTRIES {
            let node = ordinal * MAP_ENTRIES as u32 + u32::from(index);
            self.unlink(node);
            self.link(node, list);
        }
    }

    /// An entry without a page. It stays listed until it is set.
    pub fn vacant(&mut self, pager: &Pager) -> Option<Position> {
        self.search(pager, std::iter::once(VACANT))
    }

    /// An entry whose page should have room for `needed_bytes`. It stays listed until it is set.
    pub fn with_room(&mut self, pager: &Pager, needed_bytes: usize) -> Option<Position> {
        let lowest = heap_map::class_for(needed_bytes)?.max(1);
        let wanted = heap_map::class_for(needed_bytes * DOCUMENTS_WANTED).unwrap_or(CLASSES as u8 - 1);
        let wanted = wanted.max(lowest);
        self.search(pager, (wanted..CLASSES as u8).chain((lowest..wanted).rev()))
    }

    /// The first entry of the first of `lists` that has one; map pages are read until there is.
    fn search(&mut self, pager: &Pager, lists: impl Iterator<Item = u8> + Clone) -> Option<Position> {
        for _ in 0..=MAPS_PER_SEARCH_MAX {
            let mut nodes = lists.clone().map(|list| self.heads[usize::from(list)]);
            if let Some(node) = nodes.find(|node| *node != NO_NODE) {
                return self.position(node);
            }
            // A map page that cannot be read costs room, not the insert: `check` reports it.
            if self.unread.is_none() || self.read_map(pager).is_err() {
                return None;
            }
        }
        None
    }

    /// Reads the next map page into the lists.
    fn read_map(&mut self, pager: &Pager) -> Result<()> {
        let Some(page) = self.unread else { return Ok(()) };
        let ordinal = self.maps.len() as u32;
        let mut standings = [Standing::Class(0); MAP_ENTRIES];
        let next = {
            let bytes = pager.read(page)?;
            heap_map::expect_ordinal(&bytes, ordinal).map_err(damaged(page))?;
            let count = heap_map::entries_count(&bytes).map_err(damaged(page))?;
            for (index, standing) in standings.iter_mut().enumerate().take(count) {
                let entry = heap_map::entry(&bytes, index).map_err(damaged(page))?;
                *standing = entry.map_or(Standing::Vacant, |(_, info)| Standing::Class(info.class));
            }
            heap_map::next(&bytes)
        };
        self.maps.push(Map::new(page));
        self.unread = next;
        // Backwards, so that the lists hand out low entries first.
        for (index, standing) in standings.iter().enumerate().rev() {
            self.set(ordinal, index as u16, *standing);
        }
        Ok(())
    }

    fn position(&self, node: u32) -> Option<Position> {
        let ordinal = node / MAP_ENTRIES as u32;
        let map = self.maps.get(ordinal as usize)?;
        Some(Position {
            map_page: map.page,
            ordinal,
            index: (node % MAP_ENTRIES as u32) as u16,
        })
    }

    fn links(&mut self, node: u32) -> &mut Links {
        let (map, index) = (node as usize / MAP_ENTRIES, node as usize % MAP_ENTRIES);
        &mut self.maps[map].links[index]
    }

    fn list(&mut self, node: u32) -> &mut u8 {
        let (map, index) = (node as usize / MAP_ENTRIES, node as usize % MAP_ENTRIES);
        &mut self.maps[map].lists[index]
    }

    fn unlink(&mut self, node: u32) {
        let list = std::mem::replace(self.list(node), UNLISTED);
        if list == UNLISTED {
            return;
        }
        let Links { previous, next } = *self.links(node);
        if previous == NO_NODE {
            self.heads[usize::from(list)] = next;
        } else {
            self.links(previous).next = next;
        }
        if next != NO_NODE {
            self.links(next).previous = previous;
        }
    }

    fn link(&mut self, node: u32, list: u8) {
        if list == UNLISTED {
            return;
        }
        let next = std::mem::replace(&mut self.heads[usize::from(list)], node);
        if next != NO_NODE {
            self.links(next).previous = node;
        }
        *self.links(node) = Links {
            previous: NO_NODE,
            next,
        };
        *self.list(node) = list;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::seeded::Seeded;
    use std::collections::HashMap;

    #[test]
    fn lists_hold_what_a_model_holds() {
        let pager = Pager::in_memory(0).unwrap();
        let seed = 21;
        let mut random = Seeded::new(seed);
        let mut space = Space {
            maps: Vec::new(),
            heads: [NO_NODE; CLASSES],
            unread: None,
        };
        for page in 0..3 {
            space.add_map(PageNumber::new(page + 10));
        }
        let mut model: HashMap<(u32, u16), Standing> = HashMap::new();
        for _ in 0..20_000 {
            let key = (random.below(3) as u32, random.below(MAP_ENTRIES) as u16);
            let standing = match random.below(3) {
                0 => Standing::Vacant,
                _ => Standing::Class(random.below(CLASSES) as u8),
            };
            space.set(key.0, key.1, standing);
            model.insert(key, standing);
            if let Some(found) = space.vacant(&pager) {
                assert_eq!(model[&(found.ordinal, found.index)], Standing::Vacant);
                assert_eq!(found.map_page.get(), found.ordinal + 10);
            }
            let needed = random.below(4000);
            let lowest = heap_map::class_for(needed);
            let fits = |standing: &Standing| match (standing, lowest) {
                (Standing::Class(class), Some(lowest)) => *class >= lowest.max(1),
                _ => false,
            };
            match space.with_room(&pager, needed) {
                Some(found) => assert!(fits(&model[&(found.ordinal, found.index)])),
                None => assert!(!model.values().any(fits)),
            }
        }
    }
}
