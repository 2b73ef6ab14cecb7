# Calling the library: buffers that are used again, statuses that become exceptions, requests and their replies.
#
# A buffer is taken from a pool for one call and put back once its bytes are read, so threads have as many as they have
# calls under way, and a call that a signal handler or a finalizer makes in the middle of another one has its own.
# `pop` and `append` of a list are atomic. Promises: a point read makes no buffer once there is one. One of more than a
# MiB is given back at once. Leaves to others: declarations (abi.py), values (codec.py).

from __future__ import annotations

from typing import Any

from .abi import ffi, lib
from .codec import decode, encode
from .errors import InvalidArgument, QuireError, error_of_status

# Largest buffer that is kept for the next call.
KEPT_BYTES_MAX = 1 << 20
NULL = ffi.NULL

POOL: list[Any] = []

_DURABILITIES = {None: 0, "process": 1, "disk": 2, "lazy": 3}
_unpack = ffi.unpack


def take_buffer() -> Any:
    """A buffer for one call; `read_buffer` puts it back. One that a failing call left behind is collected."""
    try:
        return POOL.pop()
    except IndexError:
        return ffi.gc(ffi.new("quire_buffer *"), lib.quire_buffer_free)


def read_buffer(buffer: Any) -> bytes:
    """The bytes that a call wrote; puts the buffer back."""
    length: int = buffer.length
    content: bytes = _unpack(buffer.data, length) if length else b""
    if length > KEPT_BYTES_MAX:
        lib.quire_buffer_free(buffer)
    POOL.append(buffer)
    return content


def failure(status: int) -> QuireError:
    """The exception of the call that just failed on this thread."""
    message, length, page = ffi.new("const char **"), ffi.new("size_t *"), ffi.new("int64_t *")
    kind = error_of_status(status)
    # Another call may have failed on this thread since, in a signal handler: then its text is not this one's.
    if lib.quire_last_error(message, length, page) != status:
        return kind(f"the call failed with {kind.code}")
    text = ffi.unpack(message[0], length[0]).decode("utf-8", "replace")
    return kind(text, page[0] if page[0] >= 0 else None)


def check(status: int) -> None:
    """Raises the failure of a call that gave `status`."""
    if status:
        raise failure(status)


def durability_number(durability: str | None) -> int:
    """The number of a durability level. Raises InvalidArgument."""
    try:
        return _DURABILITIES[durability]
    except (KeyError, TypeError):
        raise InvalidArgument(f"durability must be 'process', 'disk' or 'lazy', not {durability!r}") from None


def run_command(target: int, request: dict[str, Any], durability: int = 0) -> dict[str, Any]:
    """The reply to a command; see docs/ABI.md."""
    packed = encode(request)
    buffer = take_buffer()
    status = lib.quire_command(target, packed, len(packed), durability, buffer)
    if status:
        raise failure(status)
    reply: dict[str, Any] = decode(read_buffer(buffer))
    return reply


def text_argument(name: str, value: object) -> bytes:
    """A text as the library takes it. Raises InvalidArgument."""
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} must be a str, not {type(value).__name__}")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"{name} has surrogates, which UTF-8 does not have: {value!r}") from None
