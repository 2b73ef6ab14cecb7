# Values that Python has no type for: dates outside of the years 1 to 9999, and extensions of MessagePack.
#
# Promises: a value that was read and is written again is the same. Leaves to others: when they appear (codec.py).
# The bytes of timestamps are MessagePack's: https://github.com/msgpack/msgpack/blob/master/spec.md, "Timestamp".

from __future__ import annotations

import datetime
from dataclasses import dataclass

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_SECONDS_BITS = 34

#: The extension that a date is.
TIMESTAMP_TAG = -1


def timestamp_bytes(seconds: int, nanoseconds: int) -> bytes:
    """The content of a timestamp, in its shortest form."""
    if 0 <= seconds < 1 << _SECONDS_BITS:
        if nanoseconds == 0 and seconds < 1 << 32:
            return seconds.to_bytes(4, "big")
        return (nanoseconds << _SECONDS_BITS | seconds).to_bytes(8, "big")
    return nanoseconds.to_bytes(4, "big") + seconds.to_bytes(8, "big", signed=True)


def datetime_bytes(moment: datetime.datetime) -> bytes:
    """The content of the timestamp of a datetime with a zone."""
    since = moment - _EPOCH
    return timestamp_bytes(since.days * 86_400 + since.seconds, since.microseconds * 1_000)


@dataclass(frozen=True)
class Timestamp:
    """A date that ``datetime`` does not have. Every other date is read as a ``datetime`` in UTC."""

    #: Whole seconds since 1970, negative before.
    seconds: int
    #: What is to be added, from 0 to 999,999,999.
    nanoseconds: int = 0

    def to_bytes(self) -> bytes:
        """The content of the extension, in its shortest form."""
        return timestamp_bytes(self.seconds, self.nanoseconds)

    @classmethod
    def from_bytes(cls, content: bytes) -> Timestamp:
        """The timestamp of an extension's content. Raises ValueError when it is none."""
        if len(content) == 4:
            return cls(int.from_bytes(content, "big"))
        if len(content) == 8:
            both = int.from_bytes(content, "big")
            return cls(both & (1 << _SECONDS_BITS) - 1, both >> _SECONDS_BITS)
        if len(content) == 12:
            return cls(int.from_bytes(content[4:], "big", signed=True), int.from_bytes(content[:4], "big"))
        raise ValueError(f"a timestamp has 4, 8 or 12 bytes, not {len(content)}")

    def to_datetime(self) -> datetime.datetime:
        """The datetime in UTC, to the microsecond. Raises OverflowError outside of the years 1 to 9999."""
        return _EPOCH + datetime.timedelta(seconds=self.seconds, microseconds=self.nanoseconds // 1_000)


@dataclass(frozen=True)
class Extension:
    """A MessagePack extension that is no date: another program's own type, kept as it is."""

    #: Its kind, from -128 to 127.
    tag: int
    #: Its content.
    data: bytes
