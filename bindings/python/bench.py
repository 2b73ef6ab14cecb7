# What a call costs from Python: ns of a point read, decoded and raw, and documents a second of insert_many.
#
# usage: python bench.py [documents]; 100,000 by default, in memory, of about 220 bytes, on one thread. Times are those
# that the processor was at work on the thread, so that other work of the machine is not in them. Each figure is the
# median of the rounds, with the least and the most. Beside them what of a read is Python's: an empty call of the
# library, and decoding alone.

from __future__ import annotations

import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import quiredb
from quiredb.abi import LIBRARY_PATH, lib
from quiredb.codec import decode, encode

ROUNDS = 7
READS = 100_000
ALONE = 10_000


def document(id: int) -> dict[str, Any]:
    """The benchmark's document."""
    return {
        "_id": id,
        "name": f"User number {id}",
        "email": f"user{id}@example.org",
        "age": id % 90,
        "city": ("Kochi", "Lagos", "Lima", "Oslo")[id % 4],
        "tags": ["reader", "writer", f"t{id % 10}"],
        "address": {"street": f"{id % 300} Long Street", "code": str(10_000 + id % 9_000)},
        "bio": "x" * 80,
    }


def measure(what: str, unit: str, work: Callable[[], float]) -> None:
    """Prints the figures of so many rounds."""
    figures = sorted(work() for _ in range(ROUNDS))
    median = statistics.median(figures)
    print(f"{what:42} {median:>12,.0f} {unit:12} ({figures[0]:,.0f} to {figures[-1]:,.0f})")


def each(call: Callable[[Any], object], arguments: list[Any]) -> float:
    """Nanoseconds of one call."""
    start = time.thread_time_ns()
    for argument in arguments:
        call(argument)
    return (time.thread_time_ns() - start) / len(arguments)


def inserting(documents: list[dict[str, Any]]) -> float:
    """Documents a second of inserting them into a new database, 1,000 in a call."""
    with quiredb.open(":memory:") as db:
        users = db["users"]
        start = time.thread_time()
        for place in range(0, len(documents), 1_000):
            users.insert_many(documents[place : place + 1_000])
        return len(documents) / (time.thread_time() - start)


def scanning(users: quiredb.Collection[quiredb.Document]) -> float:
    """Documents a second of a loop over all of them."""
    count = users.estimated_document_count()
    start = time.thread_time()
    for _ in users.find():
        pass
    return count / (time.thread_time() - start)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    documents = [document(id) for id in range(count)]
    size = sum(len(encode(one)) for one in documents) // count
    print(f"Python {platform.python_version()}, {platform.machine()}, {LIBRARY_PATH}")
    print(f"{count:,} documents of {size} bytes in memory, {ROUNDS} rounds")
    measure("insert_many, 1,000 a call", "documents/s", lambda: inserting(documents))
    with quiredb.open(":memory:") as db:
        users = db["users"]
        users.insert_many(documents)
        ids = [random.Random(1).randrange(count) for _ in range(READS)]
        content = users.get_raw(ids[0])
        assert content is not None
        measure("get", "ns", lambda: each(users.get, ids))
        measure("get_raw", "ns", lambda: each(users.get_raw, ids))
        measure("has", "ns", lambda: each(users.has, ids))
        measure("an empty call of the library", "ns", lambda: each(lambda _: lib.quire_abi_version(), ids))
        measure("decoding alone", "ns", lambda: each(decode, [content] * READS))
        measure("a loop over find()", "documents/s", lambda: scanning(users))
        new = iter(range(count, count + ROUNDS * ALONE))
        measure("insert_one", "ns", lambda: each(users.insert_one, [document(id) for id in islice(new, ALONE)]))


if __name__ == "__main__":
    main()
