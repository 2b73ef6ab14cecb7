# What arguments of the methods are to the library: sort orders, hints, keys of indexes, filters that have to be there.
#
# Promises: the order of fields is kept; what is no known form is refused here or left for the engine to refuse.
# Leaves to others: what all of it means (the engine).

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import InvalidArgument, InvalidProjection, InvalidSort

# Longest id, in characters or bytes, that is no longer than 1 KiB whatever its characters are.
_QUICK_ID_MAX = 256
_INTEGERS = range(-(1 << 63), 1 << 63)


def sort_of(sort: Any, direction: Any = None) -> dict[str, Any] | None:
    """A sort order as paths with directions. Raises InvalidSort."""
    if sort is None:
        return None
    if isinstance(sort, str):
        return {sort: 1 if direction is None else direction}
    if direction is not None:
        raise InvalidSort("a direction by itself goes with one path, as in sort('age', -1)")
    if isinstance(sort, Mapping):
        return dict(sort)
    order: dict[str, Any] = {}
    for part in _parts(sort, InvalidSort, "a sort order is a path, pairs of path and direction, or a mapping of them"):
        order[part[0]] = part[1]
    return order


def hint_of(hint: Any) -> Any:
    """A hint as a name, or as the fields with their directions."""
    if hint is None or isinstance(hint, (str, Mapping)):
        return hint
    return dict(_parts(hint, InvalidArgument, "a hint is an index's name, or its fields as when it was made"))


def keys_of(keys: Any) -> Any:
    """The fields of an index as pairs of path and direction; what is none of the known forms is left to the engine."""
    if isinstance(keys, str):
        return [[keys, 1]]
    if isinstance(keys, Mapping):
        return [[path, direction] for path, direction in keys.items()]
    if isinstance(keys, (list, tuple)):
        return [[part, 1] if isinstance(part, str) else part for part in keys]
    return keys


def projection_of(projection: Any) -> Any:
    """A projection. Raises InvalidProjection for a list of paths, which is no projection in any language here."""
    if projection is None or isinstance(projection, Mapping):
        return projection
    raise InvalidProjection("a projection is a mapping such as {'name': 1}")


def needed_filter(filter: Any) -> Any:
    """Changing and deleting need a filter: {} has to be written to mean all. Raises InvalidArgument."""
    if not isinstance(filter, Mapping):
        raise InvalidArgument(f"a filter is needed, not {type(filter).__name__}; {{}} means every document")
    return filter


def only_id(filter: Mapping[str, Any]) -> Any:
    """The id that the filter names, when it names nothing else; a filter is then only a slower call. None for none."""
    if len(filter) != 1:
        return None
    id: Any = filter.get("_id")
    kind = type(id)
    if kind is int:
        return id if id in _INTEGERS else None
    return id if (kind is str or kind is bytes) and len(id) <= _QUICK_ID_MAX else None


def is_by_operators(update: Any) -> bool:
    """Whether an update is by operators alone, so that the library's call by id takes it."""
    return type(update) is dict and len(update) > 0 and all(type(key) is str and key[:1] == "$" for key in update)


def check_body(body: Any, what: str) -> Any:
    """An update or a replacement. Raises InvalidArgument for what can be neither."""
    if isinstance(body, Mapping) or (what == "update" and isinstance(body, (list, tuple))):
        return body
    raise InvalidArgument(f"the {what} must be a mapping, not {type(body).__name__}")


def _parts(order: Any, error: type[Exception], message: str) -> list[tuple[str, Any]]:
    """Pairs of path and direction; a path alone goes upward."""
    if not isinstance(order, (list, tuple)):
        raise error(f"{message}, not {type(order).__name__}")
    pairs: list[tuple[str, Any]] = []
    for part in order:
        if isinstance(part, str):
            pairs.append((part, 1))
        elif isinstance(part, (list, tuple)) and len(part) == 2 and isinstance(part[0], str):
            pairs.append((part[0], part[1]))
        else:
            raise error(f"{message}; {part!r} is no part of one")
    return pairs
