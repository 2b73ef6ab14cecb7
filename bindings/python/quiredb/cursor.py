# Cursors: the documents that a query or a pipeline gives, one by one, fetched in batches.
#
# A cursor sees the moment it was first asked, however long it runs. Promises: nothing is read before the first document
# is asked for; the library's cursor is closed at the end, by `close`, behind `with`, after an error, and when this
# object is collected. Leaves to others: what matches (the engine).

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

from .abi import ffi, lib
from .calls import failure, read_buffer, run_command, take_buffer
from .closing import Closing
from .codec import decode_sequence, encode
from .errors import InvalidArgument
from .requests import hint_of, projection_of, sort_of
from .types import Document, Hint, Projection, Sort

R = TypeVar("R")

# Documents of the first batch; each following one has four times as many, up to the most.
FIRST_BATCH = 64
BATCH_MAX = 1024
_OVER = 0


class Batches(Closing, Generic[R]):
    """What both kinds of cursors are: iterators that can be closed. One thread uses one at a time."""

    _handle = _OVER
    _is_open = False
    _is_over = False

    def __init__(self, target: int, request: dict[str, Any], keeper: object) -> None:
        self._target = target
        # What has to live as long as the cursor: its database, or its transaction.
        self._keeper = keeper
        self._request = request
        self._batch_max = FIRST_BATCH
        self._documents: Iterator[R] = iter(())

    def __iter__(self) -> Iterator[R]:
        while True:
            yield from self._documents
            if not self._fetch():
                return

    def __next__(self) -> R:
        for document in self._documents:
            return document
        if self._fetch():
            return next(self._documents)
        raise StopIteration

    def next(self) -> R:
        """The next document. Raises StopIteration when there are no more."""
        return self.__next__()

    def to_list(self, length: int | None = None) -> list[R]:
        """All documents that are left, or at most `length` of them."""
        if length is not None:
            return list(islice(self, length))
        self._batch_max = BATCH_MAX
        documents = list(self._documents)
        while self._fetch():
            documents.extend(self._documents)
        return documents

    @property
    def alive(self) -> bool:
        """Whether there may be more documents."""
        return not self._is_over

    def close(self) -> None:
        """Gives up the documents that are left. Closing twice is allowed."""
        self._documents = iter(())
        self._is_over = True
        if self._is_open:
            self._is_open = False
            lib.quire_cursor_close(self._handle)

    def __del__(self) -> None:
        # At the end of the interpreter the library may be gone before the cursor.
        if self._is_open and lib is not None:
            lib.quire_cursor_close(self._handle)

    def _fetch(self) -> bool:
        """Reads the next batch; whether there is one."""
        if self._is_over:
            return False
        if not self._is_open:
            self._open()
        buffer, count = take_buffer(), self._count
        status = lib.quire_cursor_next(self._handle, self._batch_max, 0, buffer, count)
        if status:
            error = failure(status)
            self.close()
            raise error
        self._batch_max = min(self._batch_max * 4, BATCH_MAX)
        content = read_buffer(buffer)
        if count[0] == 0:
            self._is_open = False
            self._is_over = True
            return False
        self._documents = iter(decode_sequence(content, count[0]))
        return True

    def _open(self) -> None:
        packed = encode(self._request)
        handle = ffi.new("uint64_t *")
        status = lib.quire_find(self._target, packed, len(packed), handle)
        if status:
            error = failure(status)
            self._is_over = True
            raise error
        self._handle = handle[0]
        self._is_open = True
        self._count = ffi.new("uint64_t *")


class Cursor(Batches[R]):
    """The documents that a filter matches. Iterate it, or call ``to_list``.

    Errors of every method that reads: InvalidFilter, InvalidSort, InvalidProjection, IndexNotFound for a hint,
    LimitExceeded for a sort that takes too much memory, Closed, SnapshotTooOld, Corrupted, Io, UnsupportedValue.
    """

    def sort(self, sort: Sort, direction: Any = None) -> Cursor[R]:
        """Gives the documents in an order: ``sort("age")``, ``sort("age", -1)``, ``sort([("age", -1), "name"])``."""
        return self._ask("sort", sort_of(sort, direction))

    def skip(self, count: int) -> Cursor[R]:
        """Passes over the first `count` documents."""
        return self._ask("skip", count_of("skip", count))

    def limit(self, count: int | None) -> Cursor[R]:
        """Gives at most `count` documents; None is no limit, and 0 is none at all."""
        return self._ask("limit", count if count is None else count_of("limit", count))

    def project(self, projection: Projection) -> Cursor[Document]:
        """Gives a part of each document, or what expressions make of it."""
        self._ask("projection", projection_of(projection))
        return self  # type: ignore[return-value]

    def hint(self, hint: Hint) -> Cursor[R]:
        """Uses an index, named by its name or its fields; ``{"$natural": 1}`` uses none."""
        return self._ask("hint", hint_of(hint))

    def clone(self) -> Cursor[R]:
        """The same query, not yet read."""
        return Cursor(self._target, dict(self._request), self._keeper)

    def explain(self) -> Document:
        """How the query is done, and what that takes; it is run for it, and the cursor stays as it is."""
        return run_command(self._target, {**self._request, "op": "explain"})

    def _ask(self, name: str, value: Any) -> Cursor[R]:
        if self._is_open or self._is_over:
            raise InvalidArgument(f"{name} has to be called before the first document is asked for")
        self._request[name] = value
        return self


class AggregationCursor(Batches[R]):
    """The results of a pipeline. Iterate it, or call ``to_list``.

    With ``$out`` or ``$merge`` there are no results, but they have to be asked for all the same: nothing runs before.
    """

    def explain(self) -> Document:
        """How the pipeline runs; its first stages are run for that."""
        return run_command(self._target, {**self._request, "op": "explainAggregate"})


def count_of(name: str, count: Any) -> int:
    """A count that a call takes. Raises InvalidArgument."""
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 1 << 63:
        raise InvalidArgument(f"{name} must be a whole number of at least 0, not {count!r}")
    number: int = count
    return number
