# Values of the conformance cases: relaxed Extended JSON to Python's values, and how a result is compared.
#
# Promises: test/conformance/README.md, "Values" and "Comparing", and nothing beyond. Leaves to others: operations
# (conformance_runner.py).

from __future__ import annotations

import base64
import datetime
import json
import math
from collections.abc import Mapping
from typing import Any, Callable

Saved = Mapping[str, Any]
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def decoded(value: Any, saved: Saved) -> Any:
    """The value that JSON stands for; `$saved` is looked up in `saved`."""
    if isinstance(value, list):
        return [decoded(element, saved) for element in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(key, inner)] = value.items()
        if key == "$saved":
            return _looked_up(inner, saved)
        if key in _SPECIAL:
            return _SPECIAL[key](inner)
    return {name: decoded(inner, saved) for name, inner in value.items()}


def _date(inner: Any) -> datetime.datetime:
    if isinstance(inner, str):
        moment = datetime.datetime.strptime(inner[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
        fraction = inner[19:].rstrip("Z")
        return moment + datetime.timedelta(seconds=float(fraction or 0))
    return _EPOCH + datetime.timedelta(milliseconds=int(inner["$numberLong"]))


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "$date": _date,
    "$binary": lambda inner: base64.b64decode(inner["base64"]),
    "$numberLong": int,
    "$numberDouble": float,
}


def _looked_up(path: str, saved: Saved) -> Any:
    """The value at a path such as `seen.0._id`: a name, then places and fields."""
    name, *places = path.split(".")
    value = saved[name]
    for place in places:
        value = value[int(place)] if isinstance(value, list) else value[place]
    return value


def difference(expected: Any, actual: Any, saved: Saved, path: str = "result") -> str | None:
    """What makes `actual` another value than the one expected; None when nothing does."""
    told = f"{path}: expected {json.dumps(expected)}, got {actual!r}"
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return told
        pairs = enumerate(zip(expected, actual))
        return _first(difference(one, other, saved, f"{path}[{place}]") for place, (one, other) in pairs)
    if isinstance(expected, dict):
        if "$any" in expected:
            return None if _is_of(expected["$any"], actual) else told
        if "$some" in expected:
            return _difference_of_maps(expected["$some"], actual, saved, path, False)
        if "$unordered" in expected:
            return _difference_of_sets(expected["$unordered"], actual, saved, path)
        value = decoded(expected, saved)
        if isinstance(value, dict) and "$saved" not in expected:
            return _difference_of_maps(expected, actual, saved, path, True)
        return None if _is_same(value, actual) else told
    return None if _is_same(expected, actual) else told


def _difference_of_maps(expected: Any, actual: Any, saved: Saved, path: str, is_whole: bool) -> str | None:
    if not isinstance(actual, dict):
        return f"{path}: a map expected, got {actual!r}"
    missing = [key for key in expected if key not in actual]
    more = [key for key in actual if key not in expected] if is_whole else []
    if missing or more:
        return f"{path}: no {missing}, unexpected {more} in {actual!r}"
    return _first(difference(value, actual[key], saved, f"{path}.{key}") for key, value in expected.items())


def _difference_of_sets(expected: Any, actual: Any, saved: Saved, path: str) -> str | None:
    if not isinstance(actual, list) or len(actual) != len(expected):
        return f"{path}: {len(expected)} elements expected, got {actual!r}"
    rest = list(actual)
    for element in expected:
        place = next((at for at, one in enumerate(rest) if difference(element, one, saved) is None), None)
        if place is None:
            return f"{path}: {json.dumps(element)} is not among {rest!r}"
        del rest[place]
    return None


def _is_same(expected: Any, actual: Any) -> bool:
    if _is_number(expected):
        if not _is_number(actual):
            return False
        is_nan = isinstance(expected, float) and math.isnan(expected)
        return bool(math.isnan(actual) if is_nan else expected == actual)
    if isinstance(expected, (dict, list)):
        return type(expected) is type(actual) and difference(json.loads(json.dumps(expected)), actual, {}) is None
    return type(expected) is type(actual) and bool(expected == actual)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_of(kind: str, value: Any) -> bool:
    if kind == "value":
        return True
    if kind == "number":
        return _is_number(value)
    return isinstance(value, {"text": str, "date": datetime.datetime, "map": dict}[kind])


def _first(differences: Any) -> str | None:
    return next((found for found in differences if found is not None), None)
