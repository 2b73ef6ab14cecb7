//! The one error type of the engine and its kinds.
//!
//! Promises: a kind's number and code never change once released; texts may. Every failure that a caller
//! can meet has a kind of its own, so that programs branch on kinds and never on words. Every language
//! binding maps this list, and a test compares them.
//! Leaves to others: which layer raises what (each function's docstring says so).

use std::fmt;
use std::io;
use std::path::Path;

use quire_frames::PageNumber;

/// Result of every fallible engine call.
pub type Result<T> = std::result::Result<T, Error>;

/// Declares the kinds once: variant, fixed number, code string, meaning.
macro_rules! error_kinds {
    ($($variant:ident = $number:literal, $code:literal, $meaning:literal;)*) => {
        /// What went wrong, for programs to branch on. Numbers are part of the C ABI, codes of every binding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum ErrorKind {
            $(#[doc = $meaning] $variant = $number,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$variant),*];

            /// The stable code, such as `DUPLICATE_ID`.
            pub fn code(self) -> &'static str {
                match self { $(ErrorKind::$variant => $code),* }
            }
        }
    };
}

error_kinds! {
    InvalidArgument = 1, "INVALID_ARGUMENT", "An argument has a value that the call does not take.";
    InvalidDocument = 2, "INVALID_DOCUMENT", "The bytes are not one well-formed MessagePack map: malformed, too deep, or not UTF-8.";
    InvalidId = 3, "INVALID_ID", "An `_id` is not a string, an i64 integer or binary, or is longer than 1 KiB.";
    DocumentTooLarge = 4, "DOCUMENT_TOO_LARGE", "The document is larger than `document_bytes_max`.";
    DuplicateId = 5, "DUPLICATE_ID", "A document with this `_id` is already in the collection.";
    CollectionNotFound = 6, "COLLECTION_NOT_FOUND", "The collection named does not exist.";
    CollectionExists = 7, "COLLECTION_EXISTS", "A collection of this name exists already.";
    InvalidFilter = 8, "INVALID_FILTER", "The filter is malformed or uses an unknown operator.";
    InvalidUpdate = 9, "INVALID_UPDATE", "The update is malformed, conflicts with itself, or does not fit the document's values.";
    InvalidName = 10, "INVALID_NAME", "A collection name is empty, too long, or has a character that is not allowed.";
    Closed = 11, "CLOSED", "The handle was closed before this call.";
    ReadOnly = 12, "READ_ONLY", "A write was asked of a database opened read-only.";
    Locked = 13, "LOCKED", "Another process holds the database.";
    NotADatabase = 14, "NOT_A_DATABASE", "The file is not a QuireDB database.";
    UnsupportedFormat = 15, "UNSUPPORTED_FORMAT", "The file was written by a newer release whose format this one does not know.";
    Corrupted = 16, "CORRUPTED", "Bytes read from disk are damaged.";
    DiskFull = 17, "DISK_FULL", "The disk has no room for the write; nothing was changed.";
    Io = 18, "IO", "The operating system refused a read, write or sync.";
    Poisoned = 19, "POISONED", "An earlier failure left the disk's state unknown; close and open again.";
    Busy = 20, "BUSY", "An open transaction holds the collection.";
    Conflict = 21, "CONFLICT", "Another transaction changed what this one read; run it again.";
    SnapshotTooOld = 22, "SNAPSHOT_TOO_OLD", "The snapshot's page versions exceeded the memory budget and were let go.";
    TransactionTooLarge = 23, "TRANSACTION_TOO_LARGE", "One commit would exceed the largest log frame.";
    TransactionEnded = 24, "TRANSACTION_ENDED", "The transaction was already committed or rolled back.";
    OutOfMemory = 25, "OUT_OF_MEMORY", "The address space or memory for pages could not be had.";
    LimitExceeded = 26, "LIMIT_EXCEEDED", "A fixed limit of the file format is reached.";
    CannotOpen = 27, "CANNOT_OPEN", "The path cannot be opened: absent, a directory, or not permitted.";
    Internal = 28, "INTERNAL", "A bug in QuireDB; please report it.";
    InvalidExpression = 29, "INVALID_EXPRESSION", "An aggregation expression is malformed, or its operands do not fit the operator.";
    InvalidPipeline = 30, "INVALID_PIPELINE", "An aggregation pipeline is malformed or uses an unknown stage.";
    InvalidIndex = 31, "INVALID_INDEX", "An index is defined by keys or options that it cannot have.";
    IndexNotFound = 32, "INDEX_NOT_FOUND", "The index named does not exist.";
    IndexExists = 33, "INDEX_EXISTS", "An index of this name or on these keys exists with other options.";
    DuplicateKey = 34, "DUPLICATE_KEY", "A unique index holds this key for another document.";
    InvalidProjection = 35, "INVALID_PROJECTION", "A projection is malformed or mixes inclusion with exclusion.";
    InvalidSort = 36, "INVALID_SORT", "A sort order is malformed.";
    Overflow = 37, "OVERFLOW", "A change stream was read too slowly and its changes were let go.";
    HistoryLost = 38, "HISTORY_LOST", "The changes after the resume token are no longer kept.";
    Forked = 39, "FORKED", "The handle was made before this process was forked off; open the database anew.";
}

/// An error: its kind, a text for people, and the place where it is known.
///
/// The fields are boxed so that `Result<T>` stays small on the hot paths.
#[derive(Clone)]
pub struct Error(Box<Detail>);

#[derive(Clone)]
struct Detail {
    kind: ErrorKind,
    message: String,
    page: Option<PageNumber>,
}

impl Error {
    /// An error of `kind`. `message` says what was asked, what was found and what helps.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Detail {
            kind,
            message: message.into(),
            page: None,
        }))
    }

    /// Damage that was found in `page` of the data file.
    pub fn corrupted_page(page: PageNumber, message: impl Into<String>) -> Error {
        let message = format!(
            "page {}: {}; other pages are still readable, `check` lists the damage, and a backup restores it",
            page.get(),
            message.into()
        );
        Error(Box::new(Detail {
            kind: ErrorKind::Corrupted,
            message,
            page: Some(page),
        }))
    }

    /// The error of an operating-system call on `path`; `action` is a verb such as "write".
    pub fn io(action: &str, path: &Path, source: &io::Error) -> Error {
        let kind = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                ErrorKind::DiskFull
            }
            io::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
            _ => ErrorKind::Io,
        };
        Error::new(kind, format!("cannot {action} {}: {source}", path.display()))
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The damaged page, where one is known.
    pub fn page(&self) -> Option<PageNumber> {
        self.0.page
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind().code(), self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for Error {}

/// Page memory reports a refused reservation as an `io::Error`.
impl From<io::Error> for Error {
    fn from(source: io::Error) -> Error {
        Error::new(
            ErrorKind::OutOfMemory,
            format!("cannot reserve page memory: {source}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_its_own_number_and_code() {
        let numbers: HashSet<u16> = ErrorKind::ALL.iter().map(|kind| *kind as u16).collect();
        let codes: HashSet<&str> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(numbers.len(), ErrorKind::ALL.len());
        assert_eq!(codes.len(), ErrorKind::ALL.len());
    }

    #[test]
    fn result_of_unit_is_one_word() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}
