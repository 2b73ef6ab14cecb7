# Opening a database, and what can be done with it as a whole.
#
# Promises: one file has one engine in a process, however often it is opened; closing refuses every later call with
# Closed; what is open when the interpreter ends, or is forgotten, is closed then. Leaves to others: documents
# (documents.py), transactions (transaction.py).

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, overload

from .abi import ffi, lib
from .calls import check, read_buffer, take_buffer, text_argument
from .change_stream import ChangeStream, watch_request
from .closing import Closing
from .codec import decode, encode
from .collection import Collection
from .cursor import AggregationCursor
from .documents import aggregation
from .errors import Conflict, InvalidArgument
from .stats import BackupReport, CheckReport, CollectionInfo, CompactReport, SalvageReport, Stats, told
from .transaction import Transaction
from .types import Document, Durability, Filter, FullDocument, IdKind, Pipeline, T

V = TypeVar("V")

# Times a transaction is run again after a conflict.
RETRIES_DEFAULT = 10


def open(
    path: str | os.PathLike[str],
    *,
    durability: Durability | None = None,
    sync_interval: int | None = None,
    cache_size: int | None = None,
    read_only: bool = False,
    create: bool = True,
    document_bytes_max: int | None = None,
    lock_wait: int | None = None,
    log: Literal["mapped", "write"] | None = None,
    checkpoint_log_size: int | None = None,
    watch_size: int | None = None,
    ttl_interval: int | None = None,
) -> Database:
    """Opens the database at `path`, or makes it; ``":memory:"`` is one without a file.

    durability: of commits that name none. ``"process"`` (default) survives the death of the process and is on disk a
        moment later; ``"disk"`` survives a power cut when the call returns; ``"lazy"`` is written every sync_interval
    sync_interval: milliseconds between syncs in the background; 100 by default
    cache_size: bytes of pages kept in memory, 1 MiB or more; 1 GiB by default
    read_only: refuse every write with ReadOnly; several processes may read one file
    create: make the file when it is not there; else CannotOpen
    document_bytes_max: largest document in bytes of MessagePack, up to 1 GiB; 16 MiB by default
    lock_wait: milliseconds a write waits for a collection that an open transaction holds, before Busy; 5,000 by default
    log: how small commits get into the log: ``"mapped"`` (default) or ``"write"``, a system call each
    checkpoint_log_size: bytes of log that start a checkpoint in the background; 64 MiB by default
    watch_size: bytes for the newest changes, which change streams read; 16 MiB by default
    ttl_interval: milliseconds between looks for documents that an index with expireAfterSeconds lets go; 60,000 by
        default, 0 for never

    Raises InvalidArgument, Locked when another process has it open, CannotOpen, NotADatabase, UnsupportedFormat,
    Corrupted, DiskFull, Io, OutOfMemory.
    """
    options = {
        "durability": durability,
        "syncInterval": sync_interval,
        "cacheSize": cache_size,
        "readOnly": read_only,
        "create": create,
        "documentBytesMax": document_bytes_max,
        "lockWait": lock_wait,
        "log": log,
        "checkpointLogSize": checkpoint_log_size,
        "watchSize": watch_size,
        "ttlInterval": ttl_interval,
    }
    text, packed, handle = _path("path", path), encode(options), ffi.new("uint64_t *")
    check(lib.quire_open(text, len(text), packed, len(packed), handle))
    return Database(os.fspath(path), handle[0])


def salvage(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> SalvageReport:
    """Copies every document that can still be read of a damaged database to a new one; the damaged files are only read.

    Raises InvalidArgument when there is a file at `target`, Locked while `source` is open, CannotOpen, NotADatabase,
    UnsupportedFormat, DiskFull, Io.
    """
    given, to, buffer = _path("source", source), _path("target", target), take_buffer()
    check(lib.quire_salvage(given, len(given), to, len(to), buffer))
    return told(SalvageReport, decode(read_buffer(buffer)))


class Database(Closing):
    """An open database: a context manager. Any thread may use it. Errors of every method: Closed; of writes ReadOnly.

    ``db["users"]`` is the collection of that name.
    """

    def __init__(self, path: str, handle: int) -> None:
        #: The path that it was opened with.
        self.path = path
        self._handle = handle
        self._collections: dict[str, Collection[Any]] = {}
        # Closes it when it is collected, and at the end of the interpreter.
        self._close = weakref.finalize(self, lib.quire_close, handle)

    def __repr__(self) -> str:
        return f"<Database {self.path!r}{' (closed)' if self.closed else ''}>"

    @overload
    def collection(self, name: str) -> Collection[Document]: ...
    @overload
    def collection(self, name: str, document_type: type[T]) -> Collection[T]: ...
    def collection(self, name: str, document_type: Any = None) -> Collection[Any]:
        """The collection of this name; its first write makes it.

        `document_type` is for type checkers, which then know the documents: a TypedDict. Raises InvalidName.
        """
        collection = self._collections.get(name)
        if collection is None or self.closed:
            text, handle = text_argument("name", name), ffi.new("uint64_t *")
            check(lib.quire_collection(self._handle, text, len(text), handle))
            made = Collection[Any](name, handle[0], self._handle, self)
            collection = self._collections.setdefault(name, made)
            if collection is not made:
                # Another thread was faster.
                check(lib.quire_collection_close(handle[0]))
        return collection

    def __getitem__(self, name: str) -> Collection[Document]:
        return self.collection(name)

    def create_collection(self, name: str, *, ids: IdKind = "ulid") -> Collection[Document]:
        """Makes an empty collection; needed only for options. Raises CollectionExists, InvalidName.

        `ids` is how documents without an ``_id`` get one: a ULID, or the next whole number with ``"integer"``.
        """
        text, options = text_argument("name", name), encode({"ids": ids})
        check(lib.quire_create_collection(self._handle, text, len(text), options, len(options)))
        return self.collection(name)

    def drop_collection(self, name: str) -> bool:
        """Deletes a collection and all its documents; gives whether there was one. Raises Busy, InvalidName."""
        text, existed = text_argument("name", name), ffi.new("bool *")
        check(lib.quire_drop_collection(self._handle, text, len(text), existed))
        return bool(existed[0])

    def rename_collection(self, name: str, new_name: str) -> None:
        """Gives a collection another name. Raises CollectionNotFound, CollectionExists, InvalidName, Busy."""
        text, to = text_argument("name", name), text_argument("new_name", new_name)
        check(lib.quire_rename_collection(self._handle, text, len(text), to, len(to)))

    def list_collections(self) -> list[CollectionInfo]:
        """The collections, in the order of their names."""
        return [told(CollectionInfo, info) for info in self._ask(lib.quire_collections)]

    def list_collection_names(self) -> list[str]:
        """The names of the collections, in order."""
        return [info["name"] for info in self._ask(lib.quire_collections)]

    def aggregate(self, pipeline: Pipeline) -> AggregationCursor[Document]:
        """The results of a pipeline that begins with ``$documents``."""
        return AggregationCursor(self._handle, aggregation(pipeline, None), self)

    def transaction(
        self,
        *,
        collections: Sequence[str] = (),
        durability: Durability | None = None,
        any_thread: bool = False,
    ) -> Transaction:
        """Begins a transaction: ``with db.transaction() as tx: tx["users"].insert_one(...)``.

        collections: those that will be written. They are held from the start, so that no Conflict can follow on them
        any_thread: let other writes of this thread wait for the transaction, as those of other threads do. By default
            they get Busy at once, because they would wait for themselves

        Raises Busy when another transaction holds one of the collections, InvalidArgument.
        """
        if isinstance(collections, str):
            raise InvalidArgument("collections are a list of names, not one name")
        options = {"collections": list(collections), "durability": durability, "anyThread": any_thread}
        packed, handle = encode(options), ffi.new("uint64_t *")
        check(lib.quire_begin(self._handle, packed, len(packed), handle))
        return Transaction(handle[0], self)

    def with_transaction(
        self,
        callback: Callable[[Transaction], V],
        *,
        collections: Sequence[str] = (),
        durability: Durability | None = None,
        retries: int = RETRIES_DEFAULT,
    ) -> V:
        """Runs `callback` in a transaction: its return commits, an exception rolls back and goes on.

        After Conflict (another transaction changed what this one had read) it is run again, `retries` times at most, so
        it should do nothing but work on the database.
        """
        while True:
            try:
                with self.transaction(collections=collections, durability=durability) as transaction:
                    return callback(transaction)
            except Conflict:
                if retries <= 0:
                    raise
                retries -= 1

    def watch(
        self,
        pipeline: Filter | Pipeline | None = None,
        *,
        full_document: FullDocument | None = None,
        resume_after: str | None = None,
        start_after: str | None = None,
        durable: bool = False,
    ) -> ChangeStream:
        """The changes of every collection from now on, those of a transaction together; see ``Collection.watch``."""
        request = watch_request(pipeline, full_document, resume_after, start_after, durable)
        return ChangeStream(self._handle, request, self)

    def expire_documents(self) -> int:
        """Deletes the documents that an index with expireAfterSeconds lets go; gives how many there were."""
        deleted = ffi.new("uint64_t *")
        check(lib.quire_expire(self._handle, deleted))
        return int(deleted[0])

    def sync(self) -> None:
        """Returns when everything committed before is on disk. Raises Io, Poisoned."""
        check(lib.quire_sync(self._handle))

    def checkpoint(self) -> None:
        """Writes everything to the data file and gives the log's space back, as happens by itself as the log grows."""
        check(lib.quire_checkpoint(self._handle))

    def stats(self) -> Stats:
        """Counts and sizes."""
        return told(Stats, self._ask(lib.quire_stats))

    def check(self) -> CheckReport:
        """Reads everything and compares it with everything else. What is wrong is in the report, not raised."""
        return told(CheckReport, self._ask(lib.quire_check))

    def backup(self, path: str | os.PathLike[str]) -> BackupReport:
        """Copies everything committed so far to a new database at `path`, while others read and write."""
        text, buffer = _path("path", path), take_buffer()
        check(lib.quire_backup(self._handle, text, len(text), buffer))
        return told(BackupReport, decode(read_buffer(buffer)))

    def compact(self) -> CompactReport:
        """Takes the room out of the file that deletes and updates left, while others read and write."""
        return told(CompactReport, self._ask(lib.quire_compact))

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return not self._close.alive

    def close(self) -> None:
        """Closes it: open transactions are rolled back, cursors end, and the last one of a file lets others in.

        Closing twice is allowed. What it raises is of the last checkpoint: it is closed all the same, and its log has
        everything.
        """
        status: int | None = self._close()
        check(status or 0)

    def _ask(self, call: Callable[[int, Any], int]) -> Any:
        buffer = take_buffer()
        check(call(self._handle, buffer))
        return decode(read_buffer(buffer))


def _path(name: str, path: str | os.PathLike[str]) -> bytes:
    """A path as the library takes it. Raises InvalidArgument."""
    if not isinstance(path, (str, os.PathLike)):
        raise InvalidArgument(f"{name} must be a str or a path, not {type(path).__name__}")
    return text_argument(name, os.fspath(path))
