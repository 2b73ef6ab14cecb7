# Any value to MessagePack, one by one: slower than ormsgpack, for what that does not take, and to say what is wrong.
#
# Promises: what both take is the same bytes' meaning; every refusal names the path and says what to give instead.
# Leaves to others: the fast way (codec.py). Types beyond ormsgpack's: every Mapping, subclasses of tuple, enums that
# are strings or numbers, keys that are subclasses of str, Timestamp and Extension.
# Source of the bytes: https://github.com/msgpack/msgpack/blob/master/spec.md

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import struct
import uuid
from collections.abc import Mapping
from typing import Any

from .errors import InvalidDocument, UnsupportedValue
from .values import TIMESTAMP_TAG, Extension, Timestamp, datetime_bytes

# Deepest nesting of maps and arrays, as in native/engine/src/limits.rs.
_DEPTH_MAX = 100
_UNSIGNED = ((1 << 7, b""), (1 << 8, b"\xcc"), (1 << 16, b"\xcd"), (1 << 32, b"\xce"), (1 << 64, b"\xcf"))
_FIXED_EXTENSIONS = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}


def encode_slowly(value: object, path: str = "") -> bytes:
    """The MessagePack of a value; `path` is what messages call it. Raises UnsupportedValue, InvalidDocument."""
    out = bytearray()
    _write(value, path, 1, out)
    return bytes(out)


def _write(value: Any, path: str, depth: int, out: bytearray) -> None:
    if value is None:
        out.append(0xC0)
    elif value is True or value is False:
        out.append(0xC3 if value else 0xC2)
    elif isinstance(value, enum.Enum) and not isinstance(value, (str, int, float)):
        raise _refusal(value, path)
    elif isinstance(value, str):
        _write_text(str.__str__(value), path, out)
    elif isinstance(value, int):
        _write_integer(int(value), path, out)
    elif isinstance(value, float):
        out += b"\xcb" + struct.pack(">d", value)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        content = bytes(value)
        out += _head(len(content), ((1 << 8, b"\xc4"), (1 << 16, b"\xc5"), (1 << 32, b"\xc6"))) + content
    elif isinstance(value, datetime.datetime):
        if value.utcoffset() is None:
            raise _refusal(value, path)
        _write_extension(Extension(TIMESTAMP_TAG, datetime_bytes(value)), out)
    elif isinstance(value, Timestamp):
        _write_extension(Extension(TIMESTAMP_TAG, value.to_bytes()), out)
    elif isinstance(value, Extension):
        _write_extension(value, out)
    elif isinstance(value, (Mapping, list, tuple)):
        _write_nested(value, path, depth, out)
    else:
        raise _refusal(value, path)


def _write_nested(value: Any, path: str, depth: int, out: bytearray) -> None:
    if depth > _DEPTH_MAX:
        raise InvalidDocument(f"{_named(path)} nests deeper than {_DEPTH_MAX}, or holds itself")
    count = len(value)
    if isinstance(value, Mapping):
        out += bytes((0x80 | count,)) if count < 16 else _head(count, ((1 << 16, b"\xde"), (1 << 32, b"\xdf")))
        for key, inner in value.items():
            if not isinstance(key, str):
                raise UnsupportedValue(f"{_named(path)} has a key that is no str: {key!r}, {type(key).__name__}")
            inside = f"{path}.{key}" if path else key
            _write_text(str.__str__(key), inside, out)
            _write(inner, inside, depth + 1, out)
    else:
        out += bytes((0x90 | count,)) if count < 16 else _head(count, ((1 << 16, b"\xdc"), (1 << 32, b"\xdd")))
        for place, inner in enumerate(value):
            _write(inner, f"{path}[{place}]", depth + 1, out)


def _write_text(text: str, path: str, out: bytearray) -> None:
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise UnsupportedValue(f"{_named(path)} has surrogates, which UTF-8 does not have: {text!r}") from None
    if len(content) < 32:
        out.append(0xA0 | len(content))
    else:
        out += _head(len(content), ((1 << 8, b"\xd9"), (1 << 16, b"\xda"), (1 << 32, b"\xdb")))
    out += content


def _write_integer(number: int, path: str, out: bytearray) -> None:
    if number >= 0:
        for width, (limit, mark) in enumerate(_UNSIGNED):
            if number < limit:
                out += mark + number.to_bytes(1 << max(width - 1, 0), "big")
                return
    elif number >= -32:
        out += number.to_bytes(1, "big", signed=True)
        return
    elif number >= -(1 << 63):
        out += b"\xd3" + number.to_bytes(8, "big", signed=True)
        return
    raise UnsupportedValue(f"{_named(path)} is a whole number of more than 64 bits; store it as a str or as bytes")


def _write_extension(extension: Extension, out: bytearray) -> None:
    count = len(extension.data)
    fixed = _FIXED_EXTENSIONS.get(count)
    if fixed is not None:
        out.append(fixed)
    else:
        out += _head(count, ((1 << 8, b"\xc7"), (1 << 16, b"\xc8"), (1 << 32, b"\xc9")))
    out += extension.tag.to_bytes(1, "big", signed=True) + extension.data


def _head(count: int, forms: tuple[tuple[int, bytes], ...]) -> bytes:
    """The mark of the first form whose limit is beyond `count`, then the count as wide as that form has it."""
    for limit, mark in forms:
        if count < limit:
            return mark + count.to_bytes((limit.bit_length() - 1) // 8, "big")
    raise InvalidDocument(f"{count} are more than MessagePack can count")


def _named(path: str) -> str:
    return path or "the value"


def _refusal(value: object, path: str) -> UnsupportedValue:
    return UnsupportedValue(f"{_named(path)} is {_described(value)}, which cannot be stored; {_advice(value)}")


def _described(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return "a datetime without a time zone"
    return f"of type {type(value).__module__}.{type(value).__qualname__}"


def _advice(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return "give it one, as in datetime.now(timezone.utc) or value.replace(tzinfo=timezone.utc)"
    if isinstance(value, (datetime.date, datetime.time)):
        return "store a datetime with a time zone, or value.isoformat()"
    if isinstance(value, (set, frozenset)):
        return "store list(value)"
    if isinstance(value, uuid.UUID):
        return "store str(value) or value.bytes"
    if isinstance(value, enum.Enum):
        return "store value.value"
    if isinstance(value, decimal.Decimal):
        return "store float(value) or str(value)"
    if dataclasses.is_dataclass(value):
        return "store dataclasses.asdict(value)"
    return "there are None, bool, int, float, str, bytes, datetime, lists, tuples and mappings"
