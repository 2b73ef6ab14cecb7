//! The memory of one stage.
//!
//! Promises: what a stage keeps is counted before or as it is kept, and more than `STAGE_BYTES_MAX` ends the
//! pipeline with LIMIT_EXCEEDED; the caller puts the stage's name before the words.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::STAGE_BYTES_MAX;

/// What a stage may still keep.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    /// What helps against the error, for its message.
    help: &'static str,
}

impl Budget {
    /// A whole budget.
    pub(super) fn new(help: &'static str) -> Budget {
        Budget {
            left: STAGE_BYTES_MAX,
            help,
        }
    }

    /// Takes `bytes`. Errors: LIMIT_EXCEEDED.
    #[inline]
    pub(super) fn take(&mut self, bytes: usize) -> Result<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.exceeded()),
        }
    }

    /// Gives bytes back that are no longer kept.
    pub(super) fn give_back(&mut self, bytes: usize) {
        self.left = self.left.saturating_add(bytes);
    }

    #[cold]
    fn exceeded(&self) -> Error {
        Error::new(
            ErrorKind::LimitExceeded,
            format!(
                "the stage would hold more than {} MiB of memory; {}",
                STAGE_BYTES_MAX >> 20,
                self.help
            ),
        )
    }
}
