//! Sizes and manners of the log.
//!
//! Promises: every default is written here once. Leaves to others: what they do (log.rs, generation.rs).

use crate::limits::TRANSACTION_BYTES_MAX;

/// Sizes of the log's files and buffer.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Size of a new log file, in bytes. Default 1 MiB.
    pub first_bytes: u64,
    /// A full log file doubles, but grows by at most this many bytes at once: the commit that meets the end waits
    /// until they are zeroed. Default 4 MiB.
    pub step_bytes_max: u64,
    /// Frames of `lazy` commits are written once there are this many bytes of them. Default 1 MiB.
    pub buffer_bytes: usize,
    /// Whether small commits are written through memory shared with the file, where that is safe. Default true.
    pub is_mapped: bool,
    /// Largest payload of one commit, in bytes. Default and most `limits::TRANSACTION_BYTES_MAX`.
    pub transaction_bytes_max: usize,
}

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions {
            first_bytes: 1 << 20,
            step_bytes_max: 4 << 20,
            buffer_bytes: 1 << 20,
            is_mapped: true,
            transaction_bytes_max: TRANSACTION_BYTES_MAX,
        }
    }
}
