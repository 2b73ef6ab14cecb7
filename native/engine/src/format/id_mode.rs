//! How a collection makes ids for documents that come without one.
//!
//! Promises: the numbers are part of the catalog and of the log, and never change.

use crate::error::{Error, ErrorKind, Result};

/// How documents without an `_id` get one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdMode {
    /// A monotonic ULID string.
    #[default]
    Ulid,
    /// The next integer.
    Integer,
}

impl IdMode {
    /// The number that the file keeps.
    pub fn to_byte(self) -> u8 {
        match self {
            IdMode::Ulid => 0,
            IdMode::Integer => 1,
        }
    }

    /// The mode of this number.
    ///
    /// Errors: `CORRUPTED` for a number that no release wrote.
    pub fn from_byte(byte: u8) -> Result<IdMode> {
        match byte {
            0 => Ok(IdMode::Ulid),
            1 => Ok(IdMode::Integer),
            other => Err(Error::new(
                ErrorKind::Corrupted,
                format!("id mode {other} is unknown"),
            )),
        }
    }
}
