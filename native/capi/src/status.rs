//! Statuses: the numbers that every call returns, and the last error of a thread.
//!
//! Promises: numbers and codes are those of `ErrorKind`, which never change; a test compares the two lists. A message
//! stays where it is until the next call of its thread fails.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::LazyLock;

use quire_engine::{Error, ErrorKind};

use crate::door::put;

/// Number of this ABI: it rises when a call changes so that programs have to be compiled again.
const ABI_VERSION: u32 = 1;

/// What a call returns as int32_t. Numbers never change; see docs/ABI.md for what programs can do about each.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuireStatus {
    /// The call did what it says.
    QuireOk = 0,
    /// An argument has a value that the call does not take.
    QuireInvalidArgument = 1,
    /// Bytes are not one well-formed MessagePack map.
    QuireInvalidDocument = 2,
    /// An _id is not a string, a 64-bit integer or binary, or is longer than 1 KiB.
    QuireInvalidId = 3,
    /// The document is larger than documentBytesMax.
    QuireDocumentTooLarge = 4,
    /// A document with this _id is already in the collection.
    QuireDuplicateId = 5,
    /// The collection named does not exist.
    QuireCollectionNotFound = 6,
    /// A collection of this name exists already.
    QuireCollectionExists = 7,
    /// The filter is malformed or uses an unknown operator.
    QuireInvalidFilter = 8,
    /// The update is malformed or does not fit the document.
    QuireInvalidUpdate = 9,
    /// A collection name is empty, too long, or has a character that is not allowed.
    QuireInvalidName = 10,
    /// The handle was closed before this call.
    QuireClosed = 11,
    /// A write was asked of a database opened read-only.
    QuireReadOnly = 12,
    /// Another process holds the database.
    QuireLocked = 13,
    /// The file is not a QuireDB database.
    QuireNotADatabase = 14,
    /// The file was written by a newer release.
    QuireUnsupportedFormat = 15,
    /// Bytes read from disk are damaged.
    QuireCorrupted = 16,
    /// The disk has no room; nothing was changed.
    QuireDiskFull = 17,
    /// The operating system refused a read, write or sync.
    QuireIo = 18,
    /// An earlier failure left the disk's state unknown: close and open again.
    QuirePoisoned = 19,
    /// An open transaction holds the collection, or another call uses the handle.
    QuireBusy = 20,
    /// Another transaction changed what this one read: run it again.
    QuireConflict = 21,
    /// A snapshot was held too long under heavy writes.
    QuireSnapshotTooOld = 22,
    /// One commit would exceed the largest log frame.
    QuireTransactionTooLarge = 23,
    /// The transaction was already committed or rolled back.
    QuireTransactionEnded = 24,
    /// Memory could not be had.
    QuireOutOfMemory = 25,
    /// A fixed limit is reached.
    QuireLimitExceeded = 26,
    /// The path is absent, a directory, or not permitted.
    QuireCannotOpen = 27,
    /// A bug in QuireDB; please report it.
    QuireInternal = 28,
    /// An aggregation expression is malformed.
    QuireInvalidExpression = 29,
    /// An aggregation pipeline is malformed.
    QuireInvalidPipeline = 30,
    /// An index is defined by keys or options that it cannot have.
    QuireInvalidIndex = 31,
    /// The index named does not exist.
    QuireIndexNotFound = 32,
    /// An index of this name or on these keys has other options.
    QuireIndexExists = 33,
    /// A unique index holds this key for another document.
    QuireDuplicateKey = 34,
    /// A projection is malformed.
    QuireInvalidProjection = 35,
    /// A sort order is malformed.
    QuireInvalidSort = 36,
    /// A change stream was read too slowly.
    QuireOverflow = 37,
    /// The changes after the resume token are no longer kept.
    QuireHistoryLost = 38,
    /// The handle was made before this process was forked off.
    QuireForked = 39,
}

/// What a thread's last failing call left.
#[derive(Default)]
struct Failure {
    status: i32,
    message: CString,
    page: i64,
}

thread_local! {
    static LAST: RefCell<Failure> = RefCell::new(Failure { page: -1, ..Failure::default() });
}

/// Keeps `error` for `quire_last_error`; gives its status.
#[cold]
pub fn fail(error: &Error) -> i32 {
    let status = i32::from(error.kind() as u16);
    let text: Vec<u8> = error.message().bytes().filter(|byte| *byte != 0).collect();
    let failure = Failure {
        status,
        message: CString::new(text).unwrap_or_default(),
        page: error.page().map_or(-1, |page| i64::from(page.get())),
    };
    // A thread whose own data is gone already has no call that could ask.
    let _too_late = LAST.try_with(|last| last.replace(failure));
    status
}

/// The number of the ABI that this library has. A program compiled with this header needs 1.
#[unsafe(no_mangle)]
pub extern "C" fn quire_abi_version() -> u32 {
    ABI_VERSION
}

/// The release of this library, such as "0.1.0"; static.
#[unsafe(no_mangle)]
pub extern "C" fn quire_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The code of a status, such as "DUPLICATE_ID", and "OK" for 0; static. NULL for a number that is no status.
#[unsafe(no_mangle)]
pub extern "C" fn quire_status_code(status: i32) -> *const c_char {
    static CODES: LazyLock<Vec<CString>> = LazyLock::new(|| {
        let codes = ErrorKind::ALL.iter().map(|kind| kind.code());
        let codes = std::iter::once("OK").chain(codes);
        codes.map(|code| CString::new(code).unwrap_or_default()).collect()
    });
    usize::try_from(status)
        .ok()
        .and_then(|status| CODES.get(status))
        .map_or(ptr::null(), |code| code.as_ptr())
}

/// The status of this thread's last failing call, 0 when there was none; its message, NUL-terminated UTF-8 that stays
/// until the thread's next failing call; and the damaged page of the file, -1 for none. Each pointer may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_last_error(
    message: *mut *const c_char,
    length: *mut usize,
    page: *mut i64,
) -> i32 {
    let told = LAST.try_with(|last| {
        let last = last.borrow();
        // SAFETY: the pointers are NULL or the caller's, for one value each (quire.h).
        unsafe {
            put(message, last.message.as_ptr());
            put(length, last.message.as_bytes().len());
            put(page, last.page);
        }
        last.status
    });
    told.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn every_kind_of_error_has_its_code_at_its_number() {
        for (place, kind) in ErrorKind::ALL.iter().enumerate() {
            let number = *kind as i32;
            assert_eq!(number, place as i32 + 1, "kinds are numbered without a gap");
            // SAFETY: codes are static and end with a NUL.
            let code = unsafe { CStr::from_ptr(quire_status_code(number)) };
            assert_eq!(code.to_str().unwrap(), kind.code());
        }
        assert!(quire_status_code(-1).is_null() && quire_status_code(1000).is_null());
        assert_eq!(
            QuireStatus::QuireForked as usize,
            ErrorKind::ALL.len(),
            "the enum of quire.h has every kind"
        );
    }
}
