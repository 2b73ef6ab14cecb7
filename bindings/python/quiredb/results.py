# What writes give back, by pymongo's names, and what a bulk write tells when some of it failed.
#
# Promises: an id is as it was given or made. Leaves to others: replies (documents.py).

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import QuireError
from .types import Id


class _Result:
    __slots__ = ()

    @property
    def acknowledged(self) -> bool:
        """True, for programs written for pymongo."""
        return True


@dataclass(eq=False)
class InsertOneResult(_Result):
    """Result of ``insert_one``."""

    __slots__ = ("inserted_id",)
    #: The document's id, given or made.
    inserted_id: Id


@dataclass(eq=False)
class InsertManyResult(_Result):
    """Result of ``insert_many``."""

    __slots__ = ("inserted_ids",)
    #: The id of each document, in their order.
    inserted_ids: list[Id]


@dataclass(eq=False)
class UpdateResult(_Result):
    """Result of updates and replacements."""

    __slots__ = ("matched_count", "modified_count", "upserted_id")
    #: Documents that matched.
    matched_count: int
    #: Documents that are different now.
    modified_count: int
    #: The id of the document that an upsert inserted; else None.
    upserted_id: Any

    @property
    def did_upsert(self) -> bool:
        """Whether an upsert inserted a document."""
        return self.upserted_id is not None


@dataclass(eq=False)
class DeleteResult(_Result):
    """Result of deletions."""

    __slots__ = ("deleted_count",)
    deleted_count: int


@dataclass(eq=False)
class BulkWriteResult(_Result):
    """Result of ``bulk_write``."""

    __slots__ = (
        "inserted_count",
        "matched_count",
        "modified_count",
        "deleted_count",
        "upserted_count",
        "inserted_ids",
        "upserted_ids",
    )
    inserted_count: int
    matched_count: int
    modified_count: int
    deleted_count: int
    upserted_count: int
    #: The ids of inserted documents, by the place of their operation.
    inserted_ids: dict[int, Id]
    #: The ids of documents that upserts inserted, by the place of their operation.
    upserted_ids: dict[int, Id]


@dataclass(frozen=True)
class WriteError:
    """An operation of ``bulk_write``, or a document of ``insert_many``, that failed."""

    #: Its place in the argument.
    index: int
    #: As of the exception that it would have been by itself.
    code: str
    message: str


class BulkWriteError(QuireError):
    """Some of many writes failed; `code` is that of the first one, and the others are done as `result` says."""

    def __init__(self, result: BulkWriteResult, write_errors: Sequence[WriteError]) -> None:
        first = write_errors[0]
        others = "" if len(write_errors) == 1 else f"; {len(write_errors)} failed in all"
        super().__init__(f"operation {first.index} failed: {first.message}{others}")
        self.code = first.code
        #: What was done.
        self.result = result
        #: What was not, in order.
        self.write_errors = list(write_errors)

    def __reduce__(self) -> Any:
        return (BulkWriteError, (self.result, self.write_errors))


def bulk_write_result(reply: Mapping[str, Any]) -> BulkWriteResult:
    """The result that a reply tells. Raises BulkWriteError when an operation failed."""
    result = BulkWriteResult(
        inserted_count=reply["insertedCount"],
        matched_count=reply["matchedCount"],
        modified_count=reply["modifiedCount"],
        deleted_count=reply["deletedCount"],
        upserted_count=reply["upsertedCount"],
        inserted_ids=_by_place(reply["insertedIds"]),
        upserted_ids=_by_place(reply["upsertedIds"]),
    )
    errors = [WriteError(error["index"], error["code"], error["message"]) for error in reply["writeErrors"]]
    if errors:
        raise BulkWriteError(result, errors)
    return result


def _by_place(ids: Mapping[str, Id]) -> dict[int, Id]:
    return {int(place): id for place, id in ids.items()}
