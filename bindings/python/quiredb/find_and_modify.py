# The verbs that change one document and give it back: `find_one_and_update`, `_replace`, `_delete`.
#
# Promises: finding and changing are one step, which no other write comes between. Leaves to others: the other verbs
# (documents.py), what the verbs mean (the engine).

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .calls import run_command
from .documents import Documents
from .requests import check_body, hint_of, needed_filter, projection_of, sort_of
from .types import Durability, Filter, Hint, Projection, Returned, Sort, T, Update


class ReturnDocument:
    """Which document is given back, by pymongo's names."""

    #: As it was before.
    BEFORE: Returned = "before"
    #: As it is now.
    AFTER: Returned = "after"


class ModifiableDocuments(Documents[T]):
    """The documents of one collection, with the verbs that change one and give it back.

    Each gives None when none matches, or when an upsert inserted one and the document before is asked for.
    """

    def find_one_and_update(
        self,
        filter: Filter,
        update: Update,
        projection: Projection | None = None,
        sort: Sort | None = None,
        upsert: bool = False,
        return_document: Returned = ReturnDocument.BEFORE,
        array_filters: Sequence[Filter] | None = None,
        hint: Hint | None = None,
        *,
        durability: Durability | None = None,
    ) -> T | None:
        """Changes the first document that matches, and gives it back: as it was before, or ``"after"``."""
        change = {"update": check_body(update, "update"), "arrayFilters": array_filters}
        options = {"upsert": upsert, "returnDocument": return_document}
        return self._find_and("findOneAndUpdate", filter, projection, sort, hint, {**change, **options}, durability)

    def find_one_and_replace(
        self,
        filter: Filter,
        replacement: Mapping[str, Any],
        projection: Projection | None = None,
        sort: Sort | None = None,
        upsert: bool = False,
        return_document: Returned = ReturnDocument.BEFORE,
        hint: Hint | None = None,
        *,
        durability: Durability | None = None,
    ) -> T | None:
        """Puts a document in the place of the first one that matches, and gives that back, or the new one."""
        change = {"replacement": check_body(replacement, "replacement")}
        options = {"upsert": upsert, "returnDocument": return_document}
        return self._find_and("findOneAndReplace", filter, projection, sort, hint, {**change, **options}, durability)

    def find_one_and_delete(
        self,
        filter: Filter,
        projection: Projection | None = None,
        sort: Sort | None = None,
        hint: Hint | None = None,
        *,
        durability: Durability | None = None,
    ) -> T | None:
        """Deletes the first document that matches, and gives it back."""
        return self._find_and("findOneAndDelete", filter, projection, sort, hint, {}, durability)

    def _find_and(
        self,
        op: str,
        filter: Filter,
        projection: Projection | None,
        sort: Sort | None,
        hint: Hint | None,
        change: dict[str, Any],
        durability: Durability | None,
    ) -> T | None:
        request = {
            "op": op,
            "filter": needed_filter(filter),
            "projection": projection_of(projection),
            "sort": sort_of(sort),
            "hint": hint_of(hint),
            **change,
        }
        value: T | None = run_command(self._handle, request, self._durability(durability))["value"]
        return value
