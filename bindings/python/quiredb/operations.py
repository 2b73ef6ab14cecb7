# The operations of `bulk_write`, by pymongo's names.
#
# Promises: an operation says what the method of its name would be called with; what is not given is not sent.
# Leaves to others: doing them (native/engine/src/command/bulk.rs).

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .requests import hint_of, sort_of
from .types import Filter, Hint, Sort, Update


class Operation:
    """One step of a bulk write."""

    __slots__ = ("request",)
    #: The map of one field that the library is sent.
    request: dict[str, Any]

    def __repr__(self) -> str:
        [(name, arguments)] = self.request.items()
        return f"{name[0].upper()}{name[1:]}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def _given(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


class InsertOne(Operation):
    """Inserts a document."""

    __slots__ = ()

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.request = {"insertOne": {"document": document}}


class UpdateOne(Operation):
    """Changes the first document that matches."""

    __slots__ = ()

    def __init__(
        self,
        filter: Filter,
        update: Update,
        upsert: bool | None = None,
        array_filters: Sequence[Filter] | None = None,
        hint: Hint | None = None,
        sort: Sort | None = None,
    ) -> None:
        options = _given(upsert=upsert, arrayFilters=array_filters, hint=hint_of(hint), sort=sort_of(sort))
        self.request = {"updateOne": {"filter": filter, "update": update, **options}}


class UpdateMany(Operation):
    """Changes every document that matches."""

    __slots__ = ()

    def __init__(
        self,
        filter: Filter,
        update: Update,
        upsert: bool | None = None,
        array_filters: Sequence[Filter] | None = None,
        hint: Hint | None = None,
    ) -> None:
        options = _given(upsert=upsert, arrayFilters=array_filters, hint=hint_of(hint))
        self.request = {"updateMany": {"filter": filter, "update": update, **options}}


class ReplaceOne(Operation):
    """Puts a document in the place of the first one that matches."""

    __slots__ = ()

    def __init__(
        self,
        filter: Filter,
        replacement: Mapping[str, Any],
        upsert: bool | None = None,
        hint: Hint | None = None,
        sort: Sort | None = None,
    ) -> None:
        options = _given(upsert=upsert, hint=hint_of(hint), sort=sort_of(sort))
        self.request = {"replaceOne": {"filter": filter, "replacement": replacement, **options}}


class DeleteOne(Operation):
    """Deletes the first document that matches."""

    __slots__ = ()

    def __init__(self, filter: Filter, hint: Hint | None = None) -> None:
        self.request = {"deleteOne": {"filter": filter, **_given(hint=hint_of(hint))}}


class DeleteMany(Operation):
    """Deletes every document that matches."""

    __slots__ = ()

    def __init__(self, filter: Filter, hint: Hint | None = None) -> None:
        self.request = {"deleteMany": {"filter": filter, **_given(hint=hint_of(hint))}}
