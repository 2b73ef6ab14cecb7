//! The heap's map pages: entering new pages, noting their room, giving pages back.
//!
//! Promises: a heap page and its map entry name each other, and both carry the same info byte; the map is
//! changed before the page, so that a map page that cannot be read leaves both as they were.
//! Leaves to others: the lists in memory (space.rs), which are told of each change here.

use quire_frames::{PageBytes, PageNumber};

use super::space::{Position, Standing};
use super::{Heap, PageState};
use crate::error::Result;
use crate::format::fields::{Checked, damaged};
use crate::format::heap_map::{self, Info};
use crate::format::page::{self, PageKind};
use crate::format::slotted;
use crate::pager::{PageWriter, Pager};

impl Heap {
    /// Makes the page of a listed entry the fill page.
    pub(super) fn adopt(&mut self, writer: &PageWriter<'_>, position: Position) -> Result<PageNumber> {
        let entry = {
            let map = writer.read(position.map_page)?;
            heap_map::entry(&map, usize::from(position.index)).map_err(damaged(position.map_page))?
        };
        let (page, _) = entry
            .ok_or("a listed heap map entry is vacant")
            .map_err(damaged(position.map_page))?;
        self.root.fill = Some(page);
        self.settle(writer, page, false)?;
        Ok(page)
    }

    /// A new heap page without documents, with its entry in the map.
    pub(super) fn add_page(&mut self, writer: &PageWriter<'_>) -> Result<PageNumber> {
        let (number, page) = writer.allocate(PageKind::Heap, self.root.owner)?;
        drop(page);
        let entered = self.enter(writer, number);
        let (map_page, index) = entered.inspect_err(|_| writer.free(number))?;
        let mut page = writer.change(number)?;
        slotted::initialize(&mut page, map_page, index);
        self.root.pages_count = self.root.pages_count.saturating_add(1);
        Ok(number)
    }

    /// Sets the info of a page in the map, in the page and in the lists.
    pub(super) fn record_info(
        &mut self,
        writer: &PageWriter<'_>,
        number: PageNumber,
        state: &PageState,
        info: Info,
    ) -> Result<()> {
        let ordinal = self.change_map(writer, state.map_page, |map| {
            heap_map::set_info(map, state.map_index, number, info)?;
            Ok(heap_map::ordinal(map))
        })?;
        slotted::set_info(&mut *writer.change(number)?, info.to_byte());
        self.space
            .set(ordinal, state.map_index, Standing::Class(info.class));
        Ok(())
    }

    /// Gives an emptied page back and makes its entry vacant.
    pub(super) fn drop_page(
        &mut self,
        writer: &PageWriter<'_>,
        number: PageNumber,
        state: &PageState,
    ) -> Result<()> {
        let vacated = self.change_map(writer, state.map_page, |map| {
            heap_map::vacate(map, state.map_index, number)?;
            Ok(heap_map::ordinal(map))
        });
        // Without its map page the empty page stays where it is, which costs room, not the commit.
        if let Ok(ordinal) = vacated {
            self.space.set(ordinal, state.map_index, Standing::Vacant);
            self.root.pages_count = self.root.pages_count.saturating_sub(1);
            writer.free(number);
        }
        Ok(())
    }

    /// Gives `number` an entry: a vacant one, or one behind the last.
    fn enter(&mut self, writer: &PageWriter<'_>, number: PageNumber) -> Result<(PageNumber, u16)> {
        while let Some(vacant) = self.space.vacant(writer.pager()) {
            self.space.set(vacant.ordinal, vacant.index, Standing::Class(0));
            let filled = self.change_map(writer, vacant.map_page, |map| {
                heap_map::fill_vacant(map, vacant.index, number)
            });
            if filled.is_ok() {
                return Ok((vacant.map_page, vacant.index));
            }
        }
        let last_map = self.root.last_map;
        let (index, ordinal) = self.change_map(writer, last_map, |map| {
            Ok((heap_map::push(map, number)?, heap_map::ordinal(map)))
        })?;
        match index {
            Some(index) => Ok((last_map, index)),
            None => self.enter_behind(writer, number, ordinal),
        }
    }

    /// Gives `number` the first entry of a new map page behind the full one at `last_ordinal`.
    fn enter_behind(
        &mut self,
        writer: &PageWriter<'_>,
        number: PageNumber,
        last_ordinal: u32,
    ) -> Result<(PageNumber, u16)> {
        let new_map = {
            let (new_map, mut map) = writer.allocate(PageKind::HeapMap, self.root.owner)?;
            heap_map::initialize(&mut map, last_ordinal.wrapping_add(1));
            heap_map::push(&mut map, number).map_err(damaged(new_map))?;
            new_map
        };
        let linked = self.change_map(writer, self.root.last_map, |map| match heap_map::next(map) {
            None => {
                heap_map::set_next(map, new_map);
                Ok(())
            }
            Some(_) => Err("the last page of a heap map has another behind it"),
        });
        linked.inspect_err(|_| writer.free(new_map))?;
        self.root.last_map = new_map;
        self.space.add_map(new_map);
        Ok((new_map, 0))
    }

    /// Changes a map page of this heap.
    fn change_map<R>(
        &self,
        writer: &PageWriter<'_>,
        map_page: PageNumber,
        change: impl FnOnce(&mut PageBytes) -> Checked<R>,
    ) -> Result<R> {
        let mut map = writer.change(map_page)?;
        self.expect_map(&map).map_err(damaged(map_page))?;
        change(&mut map).map_err(damaged(map_page))
    }

    /// Reads the map's last page and doubts it.
    pub(super) fn read_last_map(&self, pager: &Pager) -> Result<()> {
        let last_map = self.root.last_map;
        let map = pager.read(last_map)?;
        self.expect_map(&map)
            .and_then(|()| heap_map::entries_count(&map).map(drop))
            .map_err(damaged(last_map))
    }

    fn expect_map(&self, map: &PageBytes) -> Checked<()> {
        if page::kind(map) != Some(PageKind::HeapMap) || page::owner(map) != self.root.owner {
            return Err("a heap map page of this collection was expected");
        }
        Ok(())
    }
}
