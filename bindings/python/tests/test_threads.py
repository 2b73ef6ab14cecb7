# Threads: calls let the others run, one database serves many, what is one thread's at a time says so.

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import quiredb

THREADS = 8
SECONDS_MAX = 60


def test_readers_run_while_a_writer_waits() -> None:
    # With the interpreter's lock held in the call, the writer would wait for a transaction that nobody could end.
    with quiredb.open(":memory:", lock_wait=SECONDS_MAX * 1_000) as db:
        users = db["users"]
        users.insert_many([{"_id": id} for id in range(100)])
        begun, done = threading.Event(), threading.Event()

        def write() -> None:
            begun.set()
            users.insert_one({"_id": "waited"})
            done.set()

        with db.transaction(collections=["users"]) as tx:
            tx["users"].insert_one({"_id": "first"})
            writer = threading.Thread(target=write)
            writer.start()
            assert begun.wait(SECONDS_MAX)
            with ThreadPoolExecutor(4) as pool:
                reads = [pool.submit(users.get, id % 100) for id in range(4_000)]
                assert all(read.result() is not None for read in reads)
            assert not done.is_set() and not users.has("waited")
        assert done.wait(SECONDS_MAX)
        writer.join()
        assert users.has("first") and users.has("waited")


def test_many_threads_share_a_database(path: str) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with quiredb.open(path) as db, ThreadPoolExecutor(THREADS) as pool:

            def work(thread: int) -> int:
                mine = db[f"c{thread % 3}"]
                for round in range(150):
                    id = f"{thread}-{round}"
                    mine.insert_one({"_id": id, "v": [thread, round, "x" * (round * 7 % 500)]})
                    assert mine.get(id) == {"_id": id, "v": [thread, round, "x" * (round * 7 % 500)]}
                    with pytest.raises(quiredb.DuplicateId, match=id):
                        mine.insert_one({"_id": id})
                    if round % 50 == 0:
                        assert all(document["v"] for document in mine.find({"v": thread}))
                return sum(1 for _ in mine.find({"v.0": thread}))

            assert list(pool.map(work, range(THREADS))) == [150] * THREADS
            assert db.check().is_clean
    finally:
        sys.setswitchinterval(interval)


def test_a_cursor_in_use_by_another_thread_is_busy_or_right() -> None:
    with quiredb.open(":memory:") as db:
        db["users"].insert_many([{"_id": id} for id in range(20_000)])
        outcomes: list[Any] = []

        def read(cursor: quiredb.Cursor[Any]) -> None:
            try:
                outcomes.append(len(cursor.to_list()))
            except (quiredb.Busy, quiredb.Closed, ValueError) as error:
                outcomes.append(error)

        cursor = db["users"].find()
        threads = [threading.Thread(target=read, args=(cursor,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == 4
        assert len(db["users"].find().to_list()) == 20_000
