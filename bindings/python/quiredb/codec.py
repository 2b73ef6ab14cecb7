# Values between Python and MessagePack.
#
# ormsgpack does it, told to leave alone what it would store as something else without a word: dates without a time or
# zone, UUIDs, enums, dataclasses, which it would make strings and maps of. What it leaves alone is looked at here.
# Promises: what cannot be stored is refused with UnsupportedValue, naming its path; nothing of a value is kept; dates
# come back as datetimes in UTC. Leaves to others: values that the fast way does not take (encoder.py), which documents
# are valid (the engine).

from __future__ import annotations

import datetime
from typing import Any

import ormsgpack

from .encoder import encode_slowly
from .values import TIMESTAMP_TAG, Extension, Timestamp, datetime_bytes

_DATES = ormsgpack.OPT_DATETIME_AS_TIMESTAMP_EXT
_LEFT_ALONE = (
    ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
    | ormsgpack.OPT_PASSTHROUGH_ENUM
    | ormsgpack.OPT_PASSTHROUGH_UUID
)
# ormsgpack writes dates without their fraction when that is over 0.53 s (1.13.1), and no program can give it an
# extension with the tag of dates. So a date is written with this tag, which becomes the right one afterwards.
_STAND_IN_TAG = 127
# The bytes before the tag, by how long the extension is.
_DATE_HEADS = {4: b"\xd6", 8: b"\xd7", 12: b"\xc7\x0c"}
# The byte before the count of the longest array.
_ARRAY_HEAD = b"\xdd"

_datetime = datetime.datetime
_pack = ormsgpack.packb
_unpack = ormsgpack.unpackb


def encode(value: object) -> bytes:
    """The MessagePack of a value. Raises UnsupportedValue, and InvalidDocument for one that nests too deep."""
    left: list[Any] = []
    try:
        # What the codec leaves alone goes through `append`, which gives None: the bytes are good where nothing did.
        packed = _pack(value, left.append, _LEFT_ALONE)
        if not left:
            return packed
        if all(type(one) is _datetime and one.utcoffset() is not None for one in left):
            dated = _encode_dated(value)
            if dated is not None:
                return dated
    except TypeError:
        pass
    return encode_slowly(value)


def _encode_dated(value: object) -> bytes | None:
    """The MessagePack of a value that holds dates; None where it cannot be told what of the bytes are dates."""
    counts: dict[bytes, int] = {}

    def stand_in(moment: datetime.datetime) -> ormsgpack.Ext:
        content = datetime_bytes(moment)
        counts[content] = counts.get(content, 0) + 1
        return ormsgpack.Ext(_STAND_IN_TAG, content)

    packed = _pack(value, stand_in, _LEFT_ALONE)
    for content, count in counts.items():
        head = _DATE_HEADS[len(content)]
        written = head + bytes((_STAND_IN_TAG,)) + content
        # A text or binary may hold the same bytes: then they are there more often. Where a date's own bytes could begin
        # one, an overlap would hide that.
        if head[0] in content or packed.count(written) != count:
            return None
        packed = packed.replace(written, head + b"\xff" + content)
    return packed


def encode_id(id: object) -> bytes:
    """The MessagePack of an id. Raises UnsupportedValue; what is no id is left to the engine."""
    try:
        return _pack(id, None, _LEFT_ALONE)
    except TypeError:
        return encode_slowly(id, "_id")


def decode(content: bytes) -> Any:
    """The value of one whole MessagePack value."""
    try:
        return _unpack(content, option=_DATES)
    except ValueError:
        # Dates that datetime does not have, and extensions, take the long way.
        return _unpack(content, ext_hook=_extension)


def decode_sequence(content: bytes, count: int) -> list[Any]:
    """The `count` values that stand back to back in `content`."""
    values: list[Any] = decode(_ARRAY_HEAD + count.to_bytes(4, "big") + content)
    return values


def _extension(tag: int, data: bytes) -> Any:
    if tag != TIMESTAMP_TAG:
        return Extension(tag, data)
    timestamp = Timestamp.from_bytes(data)
    try:
        return timestamp.to_datetime()
    except OverflowError:
        return timestamp
