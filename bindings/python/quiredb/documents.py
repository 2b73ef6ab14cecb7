# The verbs on the documents of one collection, as a collection and a transaction both have them.
#
# Names and results are pymongo's. Promises: every call is one call of the library on the calling thread, in which other
# threads run; what comes back shares nothing with the database; a document that is given is neither changed nor kept.
# Leaves to others: finding and changing in one step (find_and_modify.py), lists (cursor.py), values (codec.py), what
# a verb means (the engine).

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, Optional, cast

from .abi import ffi, lib
from .calls import NULL, POOL, durability_number, failure, read_buffer, run_command, take_buffer
from .codec import decode, decode_sequence, encode, encode_id
from .cursor import AggregationCursor, Cursor, count_of
from .errors import InvalidArgument, InvalidId
from .operations import Operation
from .requests import (
    check_body,
    hint_of,
    is_by_operators,
    needed_filter,
    only_id,
    projection_of,
    sort_of,
)
from .results import (
    BulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    UpdateResult,
    bulk_write_result,
)
from .types import Document, Durability, Filter, Hint, Id, Pipeline, Projection, Sort, T, Update

_get = lib.quire_get
_insert = lib.quire_insert


class Documents(Generic[T]):
    """The documents of one collection, by themselves (see ``Collection``) or inside a transaction.

    Errors of every method: Closed, Corrupted, Io. Of every write also: ReadOnly, Busy, DiskFull, Poisoned, and inside
    a transaction Conflict, TransactionEnded, TransactionTooLarge. Of every method that takes a document, filter or
    update also: UnsupportedValue, naming the path.

    `durability` is that of this commit, the database's by default; inside a transaction it is refused with
    InvalidArgument, for there the commit has it.
    """

    def __init__(self, name: str, handle: int, keeper: object, is_part: bool) -> None:
        #: The collection's name.
        self.name = name
        self._handle = handle
        # What has to live as long as this: the database, or the transaction.
        self._keeper = keeper
        self._is_part = is_part

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def get(self, id: Id) -> T | None:
        """The document of this id; None when there is none. Raises InvalidId."""
        try:
            buffer = POOL.pop()
        except IndexError:
            buffer = take_buffer()
        packed = encode_id(id)
        status = _get(self._handle, packed, len(packed), buffer, NULL)
        if status:
            raise failure(status)
        content = read_buffer(buffer)
        return decode(content) if content else None

    def get_raw(self, id: Id) -> bytes | None:
        """As ``get``, the document's MessagePack as it is: for a decoder of your own, or none."""
        packed, buffer = encode_id(id), take_buffer()
        status = _get(self._handle, packed, len(packed), buffer, NULL)
        if status:
            raise failure(status)
        return read_buffer(buffer) or None

    def has(self, id: Id) -> bool:
        """Whether there is a document of this id. Raises InvalidId."""
        packed, found = encode_id(id), ffi.new("bool *")
        status = lib.quire_has(self._handle, packed, len(packed), found)
        if status:
            raise failure(status)
        return bool(found[0])

    __contains__ = has

    def put(self, document: T, *, durability: Durability | None = None) -> bool:
        """Stores a document, whether one of its ``_id`` is there or not; gives whether it took the place of one.

        Raises InvalidId, InvalidDocument, DocumentTooLarge, DuplicateKey.
        """
        if isinstance(document, Mapping) and "_id" not in document:
            raise InvalidId("put needs a document with an _id; insert_one makes one")
        packed, replaced = encode(document), ffi.new("bool *")
        status = lib.quire_put(self._handle, packed, len(packed), self._durability(durability), replaced)
        if status:
            raise failure(status)
        return bool(replaced[0])

    def replace(self, id: Id, document: Mapping[str, Any], *, durability: Durability | None = None) -> bool:
        """Puts a document in the place of the one with this id; gives whether there was one, else nothing is done."""
        key, packed, found = encode_id(id), encode(document), ffi.new("bool *")
        number = self._durability(durability)
        status = lib.quire_replace(self._handle, key, len(key), packed, len(packed), number, found)
        if status:
            raise failure(status)
        return bool(found[0])

    def delete(self, id: Id, *, durability: Durability | None = None) -> bool:
        """Deletes the document of this id; gives whether there was one. Raises InvalidId."""
        packed, found = encode_id(id), ffi.new("bool *")
        status = lib.quire_delete(self._handle, packed, len(packed), self._durability(durability), found)
        if status:
            raise failure(status)
        return bool(found[0])

    def clear(self, *, durability: Durability | None = None) -> int:
        """Deletes every document; gives how many there were."""
        deleted = ffi.new("uint64_t *")
        status = lib.quire_clear(self._handle, self._durability(durability), deleted)
        if status:
            raise failure(status)
        return int(deleted[0])

    def insert_one(self, document: T, *, durability: Durability | None = None) -> InsertOneResult:
        """Inserts a document. Where it has no ``_id`` the engine makes one; the object given stays as it is.

        Raises DuplicateId, DuplicateKey, InvalidId, InvalidDocument, DocumentTooLarge.
        """
        number = self._durability(durability)
        packed, buffer = encode(document), take_buffer()
        status = _insert(self._handle, packed, len(packed), number, buffer)
        if status:
            raise failure(status)
        return InsertOneResult(decode(read_buffer(buffer)))

    def insert_many(
        self, documents: Iterable[T], *, ordered: bool = True, durability: Durability | None = None
    ) -> InsertManyResult:
        """Inserts documents, all of them or, after an error, none; with ``ordered=False`` all that can be.

        Raises as ``insert_one``, TransactionTooLarge; BulkWriteError with ``ordered=False``, when some failed.
        """
        number = self._durability(durability)
        if isinstance(documents, (Mapping, str, bytes)):
            raise InvalidArgument("insert_many takes documents one after the other; insert_one takes a document")
        given = documents if isinstance(documents, list) else list(documents)
        if not given:
            return InsertManyResult([])
        if not ordered:
            reply = run_command(self._handle, {"op": "insertMany", "documents": given, "ordered": False}, number)
            return InsertManyResult(list(bulk_write_result(reply).inserted_ids.values()))
        packed = encode(given)
        # The library takes documents back to back: the array without its head of 1, 3 or 5 bytes.
        head = 1 if len(given) < 16 else 3 if len(given) < 1 << 16 else 5
        buffer, count = take_buffer(), ffi.new("uint64_t *")
        start = ffi.from_buffer("char[]", packed) + head
        status = lib.quire_insert_many(self._handle, start, len(packed) - head, number, buffer, count)
        if status:
            raise failure(status)
        return InsertManyResult(decode_sequence(read_buffer(buffer), count[0]))

    def find(
        self,
        filter: Filter | None = None,
        projection: Projection | None = None,
        skip: int = 0,
        limit: int | None = None,
        *,
        sort: Sort | None = None,
        hint: Hint | None = None,
    ) -> Cursor[T]:
        """The documents that match, as a cursor. Nothing is read before it is asked for a document.

        Unlike pymongo's, a `limit` of 0 gives no documents; None is no limit.
        """
        request = {
            "op": "find",
            "filter": filter,
            "projection": projection_of(projection),
            "sort": sort_of(sort),
            "skip": count_of("skip", skip),
            "limit": limit if limit is None else count_of("limit", limit),
            "hint": hint_of(hint),
        }
        return Cursor(self._handle, request, self._keeper)

    def find_one(
        self,
        filter: Filter | Id | None = None,
        projection: Projection | None = None,
        skip: int = 0,
        *,
        sort: Sort | None = None,
        hint: Hint | None = None,
    ) -> T | None:
        """The first document that matches; None when none does. What is no filter is the ``_id`` that is looked for."""
        if filter is not None and not isinstance(filter, Mapping):
            filter = {"_id": filter}
        if skip == 0 and sort is None and hint is None:
            id = only_id(filter) if filter and projection is None else None
            if id is not None:
                return self.get(id)
            request = {"op": "findOne", "filter": filter, "projection": projection_of(projection)}
            return cast(Optional[T], run_command(self._handle, request)["value"])
        with self.find(filter, projection, skip, 1, sort=sort, hint=hint) as cursor:
            return next(cursor, None)

    def count_documents(
        self,
        filter: Filter | None = None,
        skip: int = 0,
        limit: int | None = None,
        *,
        hint: Hint | None = None,
    ) -> int:
        """How many documents match."""
        if skip == 0 and limit is None and hint is None:
            return self._count(b"" if filter is None else encode(filter))
        options = {"skip": count_of("skip", skip), "limit": limit, "hint": hint_of(hint)}
        if limit is not None:
            count_of("limit", limit)
        return int(run_command(self._handle, {"op": "count", "filter": filter, **options})["count"])

    def estimated_document_count(self) -> int:
        """How many documents there are; exact, and at no cost."""
        return self._count(b"")

    def distinct(self, key: str, filter: Filter | None = None, *, hint: Hint | None = None) -> list[Any]:
        """The distinct values of a field; an array stands for its elements."""
        request = {"op": "distinct", "field": key, "filter": filter, "hint": hint_of(hint)}
        values: list[Any] = run_command(self._handle, request)["values"]
        return values

    def aggregate(self, pipeline: Pipeline, *, hint: Hint | None = None) -> AggregationCursor[Document]:
        """The results of an aggregation pipeline. Nothing runs before the first result is asked for."""
        return AggregationCursor(self._handle, aggregation(pipeline, hint), self._keeper)

    def update_one(
        self,
        filter: Filter,
        update: Update,
        upsert: bool = False,
        array_filters: Sequence[Filter] | None = None,
        *,
        hint: Hint | None = None,
        sort: Sort | None = None,
        durability: Durability | None = None,
    ) -> UpdateResult:
        """Changes the first document that matches; with `upsert` inserts one when none does.

        Raises InvalidFilter, InvalidUpdate, IndexNotFound, DocumentTooLarge, DuplicateKey.
        """
        number = self._durability(durability)
        if not upsert and array_filters is None and hint is None and sort is None and is_by_operators(update):
            id = only_id(needed_filter(filter))
            if id is not None:
                return self._update(id, update, number)
        options = {"upsert": upsert, "arrayFilters": array_filters, "hint": hint_of(hint), "sort": sort_of(sort)}
        return self._change("updateOne", filter, {"update": check_body(update, "update"), **options}, number)

    def update_many(
        self,
        filter: Filter,
        update: Update,
        upsert: bool = False,
        array_filters: Sequence[Filter] | None = None,
        *,
        hint: Hint | None = None,
        durability: Durability | None = None,
    ) -> UpdateResult:
        """Changes every document that matches, all of them or, after an error, none. Raises as ``update_one``."""
        options = {"upsert": upsert, "arrayFilters": array_filters, "hint": hint_of(hint)}
        body = {"update": check_body(update, "update"), **options}
        return self._change("updateMany", filter, body, self._durability(durability))

    def replace_one(
        self,
        filter: Filter,
        replacement: Mapping[str, Any],
        upsert: bool = False,
        *,
        hint: Hint | None = None,
        sort: Sort | None = None,
        durability: Durability | None = None,
    ) -> UpdateResult:
        """Puts a document in the place of the first one that matches; its ``_id`` stays. Raises as ``update_one``."""
        options = {"upsert": upsert, "hint": hint_of(hint), "sort": sort_of(sort)}
        body = {"replacement": check_body(replacement, "replacement"), **options}
        return self._change("replaceOne", filter, body, self._durability(durability))

    def delete_one(
        self, filter: Filter, *, hint: Hint | None = None, durability: Durability | None = None
    ) -> DeleteResult:
        """Deletes the first document that matches. Raises InvalidFilter, IndexNotFound."""
        if hint is None:
            id = only_id(needed_filter(filter))
            if id is not None:
                return DeleteResult(int(self.delete(id, durability=durability)))
        return self._delete("deleteOne", filter, hint, durability)

    def delete_many(
        self, filter: Filter, *, hint: Hint | None = None, durability: Durability | None = None
    ) -> DeleteResult:
        """Deletes every document that matches, all of them or, after an error, none. Raises as ``delete_one``."""
        return self._delete("deleteMany", filter, hint, durability)

    def bulk_write(
        self,
        requests: Iterable[Operation | Mapping[str, Any]],
        *,
        ordered: bool = True,
        durability: Durability | None = None,
    ) -> BulkWriteResult:
        """Does many writes in one commit: up to the first one that fails, or with ``ordered=False`` all that can be.

        Raises BulkWriteError when one failed, which tells what the others did; InvalidArgument for what is none.
        """
        operations = [one.request if isinstance(one, Operation) else one for one in requests]
        request = {"op": "bulkWrite", "operations": operations, "ordered": ordered}
        return bulk_write_result(run_command(self._handle, request, self._durability(durability)))

    def _durability(self, durability: Durability | None) -> int:
        if durability is None:
            return 0
        if self._is_part:
            raise InvalidArgument("a write in a transaction has no durability; it is an option of the transaction")
        return durability_number(durability)

    def _count(self, filter: bytes) -> int:
        count = ffi.new("uint64_t *")
        status = lib.quire_count(self._handle, filter or NULL, len(filter), count)
        if status:
            raise failure(status)
        return int(count[0])

    def _update(self, id: Id, update: Update, durability: int) -> UpdateResult:
        key, packed, outcome = encode_id(id), encode(update), ffi.new("bool[2]")
        found, modified = outcome, outcome + 1
        status = lib.quire_update(self._handle, key, len(key), packed, len(packed), durability, found, modified)
        if status:
            raise failure(status)
        return UpdateResult(int(outcome[0]), int(outcome[1]), None)

    def _change(self, op: str, filter: Filter, body: dict[str, Any], durability: int) -> UpdateResult:
        reply = run_command(self._handle, {"op": op, "filter": needed_filter(filter), **body}, durability)
        return UpdateResult(reply["matchedCount"], reply["modifiedCount"], reply["upsertedId"])

    def _delete(self, op: str, filter: Filter, hint: Hint | None, durability: Durability | None) -> DeleteResult:
        request = {"op": op, "filter": needed_filter(filter), "hint": hint_of(hint)}
        return DeleteResult(run_command(self._handle, request, self._durability(durability))["deletedCount"])


def aggregation(pipeline: Pipeline, hint: Hint | None) -> dict[str, Any]:
    """The request of a pipeline. Raises InvalidArgument."""
    if not isinstance(pipeline, (list, tuple)):
        raise InvalidArgument(f"aggregate takes a list of stages, not {type(pipeline).__name__}")
    return {"op": "aggregate", "pipeline": pipeline, "hint": hint_of(hint)}
