# How schemathesis writes and reads the forms of bodies that it does not know by itself.
#
# Promises: nothing but the forms; a body of MessagePack is the value that JSON would have. Leaves to others: what is
# asked (the OpenAPI document), what counts as a failure (schemathesis.toml).

import msgpack
import schemathesis


@schemathesis.serializer("application/msgpack")
def serialize_msgpack(_context, value):
    """The bytes of a value; whole numbers beyond 64 bits as floats, which is how JSON's readers take them."""
    return msgpack.packb(value, default=float)


@schemathesis.deserializer("application/msgpack", "application/x-msgpack-stream")
def deserialize_msgpack(_context, response):
    """The value of an answer."""
    return msgpack.unpackb(response.content, strict_map_key=False, timestamp=3)


@schemathesis.serializer("application/x-ndjson")
def serialize_lines(_context, value):
    """The bytes of lines. The schema knows a text and no more; what is no text is written as what is no document."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b"[]"
