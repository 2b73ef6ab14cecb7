//! Reading a log file from front to back through one buffer.
//!
//! Promises: never reads past the length that the file had when it was opened, never holds more than one
//! piece of the file or one frame, and allocates nothing that the file's own length does not back.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::StorageFile;

/// Bytes read by one call, and more only for a longer frame.
const PIECE_BYTES: usize = 1 << 20;

/// A log file and the piece of it that is in memory.
pub(super) struct Window {
    file: Arc<dyn StorageFile>,
    len: u64,
    piece: Vec<u8>,
    piece_at: u64,
}

impl Window {
    /// A window on `file`.
    pub(super) fn new(file: Arc<dyn StorageFile>) -> Result<Window> {
        let len = file.len()?;
        Ok(Window {
            file,
            len,
            piece: Vec::new(),
            piece_at: 0,
        })
    }

    /// Length of the file, in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The `count` bytes at `offset`; `None` where the file ends before.
    pub(super) fn bytes(&mut self, offset: u64, count: usize) -> Result<Option<&[u8]>> {
        if offset.checked_add(count as u64).is_none_or(|end| end > self.len) {
            return Ok(None);
        }
        let held_end = self.piece_at + self.piece.len() as u64;
        if offset < self.piece_at || offset + count as u64 > held_end {
            self.load(offset, count)?;
        }
        let start = (offset - self.piece_at) as usize;
        // A file that another process cut short meanwhile gives fewer bytes than its length promised.
        Ok(self.piece.get(start..start + count))
    }

    fn load(&mut self, offset: u64, count: usize) -> Result<()> {
        let wanted = (self.len - offset).min(count.max(PIECE_BYTES) as u64) as usize;
        self.piece.clear();
        self.piece.try_reserve_exact(wanted).map_err(|_| {
            Error::new(
                ErrorKind::OutOfMemory,
                format!("no memory for {wanted} bytes of the log"),
            )
        })?;
        self.piece.resize(wanted, 0);
        self.piece_at = offset;
        let read = self.file.read_at(offset, &mut self.piece)?;
        self.piece.truncate(read);
        Ok(())
    }
}
