# Change streams: what is committed, one event after the other.
#
# Promises: events come after their commit, in the order of commits, each once; a thread that waits for one lets others
# run, and is let go by `close`; signals such as Ctrl-C are seen while it waits. Leaves to others: what is told and how
# long it is kept (the engine; docs/CHANGES.md).

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from .abi import ffi, lib
from .calls import check, failure, read_buffer, take_buffer
from .closing import Closing
from .codec import decode, decode_sequence, encode
from .errors import Closed, InvalidArgument
from .types import Document, Filter, FullDocument, Pipeline

# The interpreter runs signal handlers between calls only, so a long wait is made of short ones.
_WAIT_MS_MAX = 100
_EVENTS_MAX = 512
_FULL_DOCUMENT = (None, "default", "updateLookup", "whenAvailable", "required")


class ChangeStream(Closing):
    """The changes of a collection or a database. Iterate it, or call ``next`` or ``try_next``.

    Errors of every method that reads: Overflow when it was read too slowly for the memory that changes get (go on by
    ``resume_after=stream.resume_token``), HistoryLost, Closed when the database was closed, Busy when another thread
    reads it, Corrupted, Io. The stream is closed then, but for Busy.
    """

    _handle = 0
    _is_open = False

    def __init__(self, database: int, request: dict[str, Any], keeper: object) -> None:
        packed, handle = encode(request), ffi.new("uint64_t *")
        check(lib.quire_watch(database, packed, len(packed), handle))
        self._handle = handle[0]
        self._is_open = True
        # The database has to live as long as the stream.
        self._keeper = keeper
        self._events: deque[Document] = deque()
        self._read_token = self._token = self._native_token()

    def next(self) -> Document:
        """The next event, which is waited for. Raises StopIteration when the stream is closed or has ended."""
        event = self.try_next(None)
        if event is None:
            raise StopIteration
        return event

    __next__ = next

    def __iter__(self) -> Iterator[Document]:
        return self

    def try_next(self, timeout: float | None = 0) -> Document | None:
        """The next event that is there within `timeout` seconds; None when there is none.

        0, the default, does not wait, and None waits until there is one or the stream is closed.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while (event := self._take()) is None and self._is_open:
            left_ms = _WAIT_MS_MAX if end is None else int((end - time.monotonic()) * 1000)
            self._read(max(0, min(left_ms, _WAIT_MS_MAX)))
            if end is not None and time.monotonic() >= end:
                return self._take()
        return event

    @property
    def resume_token(self) -> str:
        """The place behind the last event that was handed out, and behind what the filter left out since."""
        return self._token if self._events else self._read_token

    @property
    def alive(self) -> bool:
        """Whether there may be more events."""
        return self._is_open or len(self._events) > 0

    def close(self) -> None:
        """Ends it; a thread that waits for an event gets none. Closing twice is allowed."""
        if self._events:
            self._read_token = self._token
            self._events.clear()
        self._end()

    def __del__(self) -> None:
        # At the end of the interpreter the library may be gone before the stream.
        if self._is_open and lib is not None:
            lib.quire_watch_close(self._handle)

    def _take(self) -> Document | None:
        """The next event that was read. `close` in another thread may take them all away at any time."""
        try:
            event = self._events.popleft()
        except IndexError:
            return None
        self._token = event["_id"]
        return event

    def _end(self) -> None:
        if self._is_open:
            self._is_open = False
            lib.quire_watch_close(self._handle)

    def _read(self, wait_ms: int) -> None:
        """Reads the events that are there, or come in time."""
        buffer, count = take_buffer(), ffi.new("uint64_t *")
        status = lib.quire_watch_next(self._handle, _EVENTS_MAX, 0, wait_ms, buffer, count)
        if status:
            self._fail(status)
            return
        self._token = self._read_token
        self._events.extend(decode_sequence(read_buffer(buffer), count[0]))
        try:
            self._read_token = self._native_token()
        except Closed:
            # It ended with the last of these events, whose place is behind everything.
            self._is_open = False
            if self._events:
                self._read_token = self._events[-1]["_id"]

    def _fail(self, status: int) -> None:
        error = failure(status)
        if isinstance(error, Closed) and not self._is_open:
            # `close` let this thread go.
            return
        if error.code != "BUSY":
            self._end()
        raise error

    def _native_token(self) -> str:
        buffer = take_buffer()
        check(lib.quire_watch_token(self._handle, buffer))
        return str(decode(read_buffer(buffer)))


def watch_request(
    pipeline: Filter | Pipeline | None,
    full_document: FullDocument | None,
    resume_after: str | None,
    start_after: str | None,
    durable: bool,
) -> dict[str, Any]:
    """The request of a stream. Raises InvalidArgument."""
    if full_document not in _FULL_DOCUMENT:
        raise InvalidArgument(f"full_document must be one of {', '.join(map(str, _FULL_DOCUMENT))}")
    return {
        "op": "watch",
        "filter": _filter_of(pipeline),
        "resumeAfter": resume_after,
        "startAfter": start_after,
        "fullDocument": full_document not in (None, "default"),
        "durable": durable,
    }


def _filter_of(pipeline: Filter | Pipeline | None) -> Filter | None:
    """One filter of a filter or a pipeline of $match stages."""
    if pipeline is None or isinstance(pipeline, Mapping):
        return pipeline
    for stage in pipeline:
        if list(stage) != ["$match"]:
            raise InvalidArgument(f"a change stream takes $match stages only, not {', '.join(map(str, stage))}")
    return {"$and": [stage["$match"] for stage in pipeline]} if pipeline else None
