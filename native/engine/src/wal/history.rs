//! Reading the log while it is being written, for change streams that resume.
//!
//! Reads the live generation, and the one before it as long as its file was not put to use again. Promises: disturbs
//! no commit, but for writing out the frames of `lazy` ones; every frame is checked, so that a file whose next turn
//! begins meanwhile gives HISTORY_LOST and never a wrong commit.
//! Leaves to others: what a payload means (watch/history.rs), recovery (recover.rs).

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::log_frame::{FRAME_HEAD_BYTES, FRAMES_AT, FrameSeal};
use crate::format::page::Sequence;
use crate::wal::generation::Generation;
use crate::wal::log::Log;
use crate::wal::window::Window;

/// The commits of a running log, from the beginning of a generation on.
pub struct History {
    parts: VecDeque<Part>,
    /// The commit that comes next.
    next: Sequence,
    generation: u64,
}

/// The frames of one generation.
struct Part {
    window: Window,
    seal: FrameSeal,
    offset: u64,
    end: u64,
}

impl Part {
    fn new(generation: &Generation, end: u64) -> Result<Part> {
        Ok(Part {
            window: Window::new(Arc::clone(&generation.file))?,
            seal: generation.seal.clone(),
            offset: FRAMES_AT,
            end,
        })
    }
}

impl Log {
    /// The commits from the beginning of the generation that holds commit `from`; `None` where no file has that.
    ///
    /// Errors: `POISONED`, `IO`, `DISK_FULL`.
    pub fn history(&self, from: Sequence) -> Result<Option<History>> {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        self.flush_locked(inner)?;
        let Some(live) = &inner.live else {
            return Ok(None);
        };
        let older = inner
            .older
            .as_ref()
            .filter(|older| older.end > FRAMES_AT && from < live.head.start);
        let first = older.map_or(&live.head, |older| &older.generation.head);
        if from < first.start || from > inner.last {
            return Ok(None);
        }
        let mut parts = VecDeque::new();
        if let Some(older) = older {
            parts.push_back(Part::new(&older.generation, older.end)?);
        }
        parts.push_back(Part::new(live, inner.end)?);
        Ok(Some(History {
            parts,
            next: first.start,
            generation: first.generation,
        }))
    }
}

impl History {
    /// The generation that it begins with.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The next commit and its payload; `None` after the last one that was made when the history was asked for.
    ///
    /// Errors: `HISTORY_LOST`, `IO`.
    pub fn take_next(&mut self) -> Result<Option<(Sequence, &[u8])>> {
        while self.parts.front().is_some_and(|part| part.offset >= part.end) {
            self.parts.pop_front();
        }
        let Some(part) = self.parts.front_mut() else {
            return Ok(None);
        };
        let expected = self.next;
        let at = part.offset;
        let head = part
            .window
            .bytes(at, FRAME_HEAD_BYTES)?
            .and_then(|bytes| part.seal.read(bytes, at))
            .filter(|head| head.sequence == expected)
            .ok_or_else(|| lost(expected))?;
        let payload = part
            .window
            .bytes(at + FRAME_HEAD_BYTES as u64, head.payload_bytes)?
            .filter(|payload| head.fits(payload))
            .ok_or_else(|| lost(expected))?;
        part.offset = at + head.frame_bytes() as u64;
        self.next = expected.next();
        Ok(Some((expected, payload)))
    }
}

fn lost(sequence: Sequence) -> Error {
    Error::new(
        ErrorKind::HistoryLost,
        format!(
            "commit {} is no longer in the log: a checkpoint gave its space back",
            sequence.0
        ),
    )
}
