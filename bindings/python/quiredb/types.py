# The types that signatures name. Promises: types only; nothing here is looked at when a program runs.
#
# A document is any mapping with text keys; what comes back is a `dict`. `Collection[T]` takes a TypedDict as `T` for
# type checkers alone. Leaves to others: what values may be (codec.py).

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, TypeVar, Union

#: A document, filter, update or projection.
Document = dict[str, Any]
#: An ``_id``.
Id = Union[str, int, bytes]
#: When a commit is safe from what; see ``open``.
Durability = Literal["process", "disk", "lazy"]
#: How documents without an ``_id`` get one.
IdKind = Literal["ulid", "integer"]
#: Which document ``find_one_and_update`` and ``find_one_and_replace`` give back.
Returned = Literal["before", "after"]
#: When events of updates come with the whole document.
FullDocument = Literal["default", "updateLookup", "whenAvailable", "required"]

#: The documents of a collection: a TypedDict for type checkers, or any document.
T = TypeVar("T", bound=Mapping[str, Any])

Filter = Mapping[str, Any]
Update = Union[Mapping[str, Any], Sequence[Mapping[str, Any]]]
Projection = Mapping[str, Any]
#: A path, paths with directions, or a mapping of them: ``"age"``, ``[("age", -1)]``, ``{"age": -1}``.
Sort = Union[str, Sequence[Union[str, tuple[str, Any]]], Mapping[str, Any]]
#: The fields of an index, as a sort order.
Keys = Sort
#: An index by its name or its fields; ``{"$natural": 1}`` means none.
Hint = Union[str, Sequence[tuple[str, Any]], Mapping[str, Any]]
Pipeline = Sequence[Mapping[str, Any]]


class IndexOptions(TypedDict, total=False):
    """Options of an index, by MongoDB's names."""

    #: Made of the fields by default, such as ``city_1_age_-1``.
    name: str
    #: Refuse a second document of the same key with DuplicateKey.
    unique: bool
    #: Leave documents out that have none of the fields.
    sparse: bool
    #: Index only the documents that match.
    partialFilterExpression: Mapping[str, Any]
    #: Delete documents this many seconds after the date in the index's only field.
    expireAfterSeconds: int
