# Values to MessagePack and back: what is stored, what is refused and how that is told.

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import math
import random
import types
import uuid
from typing import Any

import pytest

import quiredb
from quiredb import Extension, InvalidDocument, Timestamp, UnsupportedValue
from quiredb.codec import decode, decode_sequence, encode
from quiredb.encoder import encode_slowly

UTC = datetime.timezone.utc
Users = quiredb.Collection[quiredb.Document]


class Word(str, enum.Enum):
    A = "a"


class Number(enum.IntEnum):
    ONE = 1


class Other(enum.Enum):
    A = "a"


class Text(str):
    pass


@dataclasses.dataclass
class Point:
    x: int = 1


Pair = collections.namedtuple("Pair", "first second")

# What is stored, and what comes back where that is another value.
KEPT: list[Any] = [
    None,
    True,
    False,
    "",
    "x" * 31,
    "x" * 32,
    "x" * 300,
    "x" * 70_000,
    "né\0🙂",
    *(
        sign * (1 << bits) + more
        for bits in (0, 5, 6, 7, 8, 15, 16, 31, 32, 53, 62)
        for sign in (1, -1)
        for more in (-1, 0)
    ),
    (1 << 63) - 1,
    -(1 << 63),
    1 << 63,
    (1 << 64) - 1,
    1.5,
    -0.0,
    math.inf,
    -math.inf,
    b"",
    b"\0\xff" * 200,
    b"x" * 70_000,
    [],
    [[]],
    {},
    {"a": {"b": [1, {"c": None}]}},
    list(range(70_000)),
    {f"k{place}": place for place in range(70)},
    datetime.datetime(2024, 5, 6, 7, 8, 9, 999_999, UTC),
    datetime.datetime(1, 1, 1, tzinfo=UTC),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime.datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC),
    Timestamp(1 << 50, 5),
    Timestamp(-(1 << 50)),
    Extension(5, b""),
    Extension(-7, b"abc"),
    Extension(1, b"x" * 300),
    *(Extension(9, b"x" * count) for count in (1, 2, 4, 8, 16)),
]
CHANGED: list[tuple[Any, Any]] = [
    (bytearray(b"a"), b"a"),
    (memoryview(b"a"), b"a"),
    ((1, (2,)), [1, [2]]),
    (Pair(1, 2), [1, 2]),
    (Word.A, "a"),
    (Number.ONE, 1),
    (Text("a"), "a"),
    ({Text("k"): 1}, {"k": 1}),
    (collections.OrderedDict(a=1), {"a": 1}),
    (collections.ChainMap({"a": 1}), {"a": 1}),
    (types.MappingProxyType({"a": Word.A}), {"a": "a"}),
    (
        datetime.datetime(2024, 1, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        datetime.datetime(2024, 1, 1, tzinfo=UTC),
    ),
]
REFUSED: list[tuple[Any, str]] = [
    ({1, 2}, "list"),
    (frozenset(), "list"),
    (datetime.datetime(2024, 1, 1), "without a time zone"),
    (datetime.date(2024, 1, 1), "isoformat"),
    (datetime.time(1), "isoformat"),
    (uuid.UUID(int=1), "bytes"),
    (decimal.Decimal(1), "float"),
    (Other.A, "value.value"),
    (Point(), "asdict"),
    (object(), "object"),
    (1 << 64, "64 bits"),
    (-(1 << 63) - 1, "64 bits"),
    ("\ud800", "surrogates"),
    ({1: 2}, "no str"),
    ({"\udfff": 2}, "surrogates"),
    (complex(1), "complex"),
]


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, of one type, and of one sign where they are zero."""
    is_signed_alike = not isinstance(one, float) or math.copysign(1, one) == math.copysign(1, other)
    return type(one) is type(other) and bool(one == other) and is_signed_alike


@pytest.mark.parametrize("value", KEPT, ids=lambda value: repr(value)[:40])
def test_a_value_comes_back(users: Users, value: Any) -> None:
    users.insert_one({"_id": 1, "v": value})
    document = users.get(1)
    assert document is not None and same(document["v"], value)
    assert same(decode(encode_slowly(value)), value)


@pytest.mark.parametrize("value, stored", CHANGED, ids=lambda value: repr(value)[:40])
def test_a_value_is_stored_as_another_type(users: Users, value: Any, stored: Any) -> None:
    users.insert_one({"_id": 1, "v": value})
    assert users.get(1) == {"_id": 1, "v": stored}


def test_nan_comes_back(users: Users) -> None:
    users.insert_one({"_id": 1, "v": math.nan})
    document = users.get(1)
    assert document is not None and math.isnan(document["v"])
    assert users.count_documents({"v": math.nan}) == 1


@pytest.mark.parametrize("value, advice", REFUSED, ids=lambda value: repr(value)[:40])
def test_a_value_that_cannot_be_stored_is_refused_by_its_path(users: Users, value: Any, advice: str) -> None:
    with pytest.raises(UnsupportedValue) as told:
        users.insert_one({"_id": 1, "a": [{"b": 1}, {"b": value}]})
    assert "a[1].b" in str(told.value) and advice in str(told.value)
    assert told.value.code == "UNSUPPORTED_VALUE" and isinstance(told.value, TypeError)
    assert users.count_documents() == 0


def test_filters_and_updates_are_refused_by_their_path(users: Users) -> None:
    with pytest.raises(UnsupportedValue, match=r"filter\.a\.\$in\[0\]"):
        users.find({"a": {"$in": [{1}]}}).to_list()
    with pytest.raises(UnsupportedValue, match=r"\$set\.a"):
        users.update_one({"_id": 1}, {"$set": {"a": object()}})


def test_what_holds_itself_or_nests_too_deep_is_refused(users: Users) -> None:
    itself: dict[str, Any] = {"_id": 1}
    itself["a"] = itself
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    for document in (itself, {"_id": 1, "a": deep}, {"_id": 1, "a": [Word.A, deep]}):
        with pytest.raises(InvalidDocument):
            users.insert_one(document)


def test_what_is_no_document_is_refused(users: Users) -> None:
    wrong: list[Any] = [[], "a", None, 1]
    for document in wrong:
        with pytest.raises(InvalidDocument):
            users.insert_one(document)
        with pytest.raises(InvalidDocument):
            users.insert_many([document])


def test_dates_beside_bytes_that_look_like_them_are_exact() -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    for _ in range(3_000):
        moment = datetime.datetime.fromtimestamp(chance.randrange(1 << 33), UTC)
        moment += datetime.timedelta(microseconds=chance.choice([0, chance.randrange(1_000_000)]))
        looks = encode_slowly(moment).replace(b"\xff", b"\x7f", 1)
        value = {"a": moment, "b": [looks, looks[chance.randrange(8) :] + looks, moment], "c": looks.decode("latin-1")}
        assert decode(encode(value)) == value, f"seed {seed}"


def test_both_encoders_mean_the_same() -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    for _ in range(500):
        value = {str(place): chance.choice(KEPT[:60]) for place in range(chance.randrange(20))}
        assert decode(encode(value)) == decode(encode_slowly(value)) == value, f"seed {seed}"


def test_a_sequence_is_read_back_to_back() -> None:
    assert decode_sequence(encode(1) + encode("a") + encode({}), 3) == [1, "a", {}]
    assert decode_sequence(b"", 0) == []


def test_a_document_that_is_given_stays_as_it_is(users: Users) -> None:
    document = {"a": [1]}
    users.insert_one(document)
    users.insert_many([document])
    assert document == {"a": [1]}
