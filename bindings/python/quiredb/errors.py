# The exceptions: one for each error code of the engine, and those of the package itself.
#
# Promises: every failure of the database is a QuireError whose `code` never changes once released, texts may; a test
# compares the list with the library's. Leaves to others: which call raises what (the docstring of each method).

from __future__ import annotations

from typing import Any


class QuireError(Exception):
    """Every failure of the database. Catch a subclass, or branch on `code`; the text is for people and may change."""

    #: The stable code of this kind of failure, such as ``DUPLICATE_ID``.
    code: str = "INTERNAL"
    #: Number of the damaged page, where the damage is in one.
    page: int | None = None

    def __init__(self, message: str, page: int | None = None) -> None:
        super().__init__(message)
        if page is not None:
            self.page = page

    def __reduce__(self) -> Any:
        return (type(self), (str(self), self.page))


class InvalidArgument(QuireError, ValueError):
    """An argument has a value that the call does not take."""

    code = "INVALID_ARGUMENT"


class InvalidDocument(QuireError):
    """A document is no map, is malformed, or nests deeper than 100."""

    code = "INVALID_DOCUMENT"


class InvalidId(QuireError):
    """An ``_id`` is not a string, a whole number of 64 bits or bytes, or is longer than 1 KiB."""

    code = "INVALID_ID"


class DocumentTooLarge(QuireError):
    """A document is larger than ``document_bytes_max``."""

    code = "DOCUMENT_TOO_LARGE"


class DuplicateId(QuireError):
    """A document with this ``_id`` is already in the collection."""

    code = "DUPLICATE_ID"


class CollectionNotFound(QuireError):
    """The collection named does not exist."""

    code = "COLLECTION_NOT_FOUND"


class CollectionExists(QuireError):
    """A collection of this name exists already."""

    code = "COLLECTION_EXISTS"


class InvalidFilter(QuireError):
    """The filter is malformed or uses an unknown operator."""

    code = "INVALID_FILTER"


class InvalidUpdate(QuireError):
    """The update is malformed or does not fit the document."""

    code = "INVALID_UPDATE"


class InvalidName(QuireError):
    """A collection's name is empty, too long, or has a character that is not allowed."""

    code = "INVALID_NAME"


class Closed(QuireError):
    """The database, cursor or stream was closed before this call."""

    code = "CLOSED"


class ReadOnly(QuireError):
    """A write was asked of a database opened read-only."""

    code = "READ_ONLY"


class Locked(QuireError):
    """Another process holds the database; the message names it."""

    code = "LOCKED"


class NotADatabase(QuireError):
    """The file is not a QuireDB database."""

    code = "NOT_A_DATABASE"


class UnsupportedFormat(QuireError):
    """The file was written by a newer release."""

    code = "UNSUPPORTED_FORMAT"


class Corrupted(QuireError):
    """Bytes read from disk are damaged; `page` says where."""

    code = "CORRUPTED"


class DiskFull(QuireError):
    """The disk has no room; nothing was changed."""

    code = "DISK_FULL"


class Io(QuireError):
    """The operating system refused a read, write or sync."""

    code = "IO"


class Poisoned(QuireError):
    """An earlier failure left the disk's state unknown: close and open again."""

    code = "POISONED"


class Busy(QuireError):
    """An open transaction holds the collection, or another thread is inside the transaction, cursor or stream."""

    code = "BUSY"


class Conflict(QuireError):
    """Another transaction changed what this one read: run it again, as ``Database.with_transaction`` does."""

    code = "CONFLICT"


class SnapshotTooOld(QuireError):
    """A cursor was held open too long under heavy writes."""

    code = "SNAPSHOT_TOO_OLD"


class TransactionTooLarge(QuireError):
    """One commit would exceed the largest log frame."""

    code = "TRANSACTION_TOO_LARGE"


class TransactionEnded(QuireError):
    """The transaction was already committed or rolled back."""

    code = "TRANSACTION_ENDED"


class OutOfMemory(QuireError):
    """Memory could not be had."""

    code = "OUT_OF_MEMORY"


class LimitExceeded(QuireError):
    """A fixed limit is reached."""

    code = "LIMIT_EXCEEDED"


class CannotOpen(QuireError):
    """The path is absent, a directory, or not permitted."""

    code = "CANNOT_OPEN"


class Internal(QuireError):
    """A bug in QuireDB; please report it."""

    code = "INTERNAL"


class InvalidExpression(QuireError):
    """An aggregation expression is malformed."""

    code = "INVALID_EXPRESSION"


class InvalidPipeline(QuireError):
    """An aggregation pipeline is malformed."""

    code = "INVALID_PIPELINE"


class InvalidIndex(QuireError):
    """An index is defined by keys or options that it cannot have."""

    code = "INVALID_INDEX"


class IndexNotFound(QuireError):
    """The index named does not exist."""

    code = "INDEX_NOT_FOUND"


class IndexExists(QuireError):
    """An index of this name or on these keys has other options."""

    code = "INDEX_EXISTS"


class DuplicateKey(QuireError):
    """A unique index holds this key for another document."""

    code = "DUPLICATE_KEY"


class InvalidProjection(QuireError):
    """A projection is malformed."""

    code = "INVALID_PROJECTION"


class InvalidSort(QuireError):
    """A sort order is malformed."""

    code = "INVALID_SORT"


class Overflow(QuireError):
    """A change stream was read too slowly; go on by ``resume_after=stream.resume_token``."""

    code = "OVERFLOW"


class HistoryLost(QuireError):
    """The changes after the resume token are no longer kept."""

    code = "HISTORY_LOST"


class Forked(QuireError):
    """What was used was made before this process was forked off: open the database anew."""

    code = "FORKED"


class UnsupportedValue(QuireError, TypeError):
    """A document, filter or update holds a value that cannot be stored; the message names its path."""

    code = "UNSUPPORTED_VALUE"


class LibraryMissing(QuireError, ImportError):
    """There is no library for this platform, or it cannot be loaded."""

    code = "LIBRARY_MISSING"


#: The exceptions by the library's status numbers, which begin with 1.
ENGINE_ERRORS: tuple[type[QuireError], ...] = (
    InvalidArgument,
    InvalidDocument,
    InvalidId,
    DocumentTooLarge,
    DuplicateId,
    CollectionNotFound,
    CollectionExists,
    InvalidFilter,
    InvalidUpdate,
    InvalidName,
    Closed,
    ReadOnly,
    Locked,
    NotADatabase,
    UnsupportedFormat,
    Corrupted,
    DiskFull,
    Io,
    Poisoned,
    Busy,
    Conflict,
    SnapshotTooOld,
    TransactionTooLarge,
    TransactionEnded,
    OutOfMemory,
    LimitExceeded,
    CannotOpen,
    Internal,
    InvalidExpression,
    InvalidPipeline,
    InvalidIndex,
    IndexNotFound,
    IndexExists,
    DuplicateKey,
    InvalidProjection,
    InvalidSort,
    Overflow,
    HistoryLost,
    Forked,
)


def error_of_status(status: int) -> type[QuireError]:
    """The exception of a status; Internal for one that this release does not know."""
    return ENGINE_ERRORS[status - 1] if 0 < status <= len(ENGINE_ERRORS) else Internal
