# Change streams: events, tokens, waiting, ending.

from __future__ import annotations

import sys
import threading

import pytest

import quiredb

Users = quiredb.Collection[quiredb.Document]


def test_events_come_in_order_after_their_commit(users: Users) -> None:
    with users.watch() as stream:
        assert stream.try_next() is None
        users.insert_one({"_id": 1})
        users.update_one({"_id": 1}, {"$set": {"a": 1}})
        users.delete(1)
        kinds = [stream.next()["operationType"] for _ in range(3)]
        assert kinds == ["insert", "update", "delete"]
        assert stream.try_next() is None and stream.alive
    assert not stream.alive and stream.try_next() is None
    with pytest.raises(StopIteration):
        stream.next()
    stream.close()


def test_a_filter_and_the_whole_document_are_asked_for(db: quiredb.Database, users: Users) -> None:
    matches = [{"$match": {"operationType": "update"}}, {"$match": {"ns.coll": "users"}}]
    with db.watch(matches, full_document="updateLookup") as stream:
        users.insert_one({"_id": 1})
        users.update_one({"_id": 1}, {"$set": {"a": 1}})
        event = stream.next()
        assert event["fullDocument"] == {"_id": 1, "a": 1}
        assert event["updateDescription"]["updatedFields"] == {"a": 1}
    with users.watch({"operationType": "insert"}) as stream:
        users.delete(1)
        assert stream.try_next() is None
    with pytest.raises(quiredb.InvalidArgument):
        users.watch([{"$project": {"a": 1}}])
    with pytest.raises(quiredb.InvalidArgument):
        users.watch(full_document="all")  # type: ignore[arg-type]
    with pytest.raises(quiredb.InvalidFilter):
        users.watch({"a": {"$nonsense": 1}})


def test_a_stream_goes_on_behind_a_token(users: Users) -> None:
    # One that stays open keeps the changes in memory.
    with users.watch(), users.watch() as stream:
        users.insert_many([{"_id": id} for id in range(5)])
        first = stream.next()
        assert stream.resume_token == first["_id"]
        stream.next()
        token = stream.resume_token
        assert stream.alive
        stream.close()
        assert stream.resume_token == token
        with users.watch(resume_after=token) as stream:
            assert [stream.next()["documentKey"]["_id"] for _ in range(3)] == [2, 3, 4]
        with users.watch(start_after=first["_id"]) as stream:
            assert stream.next()["documentKey"]["_id"] == 1


def test_what_the_filter_leaves_out_moves_the_token(users: Users) -> None:
    with users.watch({"operationType": "delete"}) as stream:
        before = stream.resume_token
        users.insert_one({"_id": 1})
        assert stream.try_next() is None
        assert stream.resume_token != before


def test_a_token_is_never_ahead_of_what_was_handed_out(users: Users) -> None:
    with users.watch(), users.watch({"operationType": {"$ne": "delete"}}) as stream:
        users.insert_one({"_id": 1})
        users.delete(1)
        stream.next()
        assert stream.try_next() is None
        behind_delete = stream.resume_token
        users.insert_many([{"_id": 2}, {"_id": 3}])
        stream.next()
        with users.watch(resume_after=stream.resume_token) as again:
            assert again.next()["documentKey"]["_id"] == 3
        with users.watch(resume_after=behind_delete) as again:
            assert again.next()["documentKey"]["_id"] == 2


def test_dropping_the_collection_ends_the_stream(users: Users) -> None:
    users.insert_one({"_id": 1})
    stream = users.watch()
    users.drop()
    assert [event["operationType"] for event in stream] == ["drop", "invalidate"]
    assert not stream.alive and stream.resume_token


def test_a_thread_that_waits_gets_the_event_or_is_let_go(users: Users) -> None:
    stream = users.watch()
    seen: list[object] = []
    got = threading.Event()

    def read() -> None:
        for event in stream:
            seen.append(event["documentKey"]["_id"])
            got.set()

    reader = threading.Thread(target=read)
    reader.start()
    users.insert_one({"_id": 1})
    assert got.wait(60)
    stream.close()
    reader.join(60)
    assert not reader.is_alive() and seen == [1]


def test_a_wait_ends_in_time(users: Users) -> None:
    with users.watch() as stream:
        assert stream.try_next(0.01) is None
        assert stream.try_next(0.25) is None


def test_a_stream_that_is_read_too_slowly_says_so() -> None:
    with quiredb.open(":memory:", watch_size=0) as db:
        stream = db["users"].watch()
        for id in range(3):
            db["users"].insert_one({"_id": id})
        with pytest.raises(quiredb.Overflow):
            stream.next()
        assert not stream.alive


def test_closing_the_database_ends_the_wait(db: quiredb.Database) -> None:
    stream = db["users"].watch()
    reader = threading.Thread(target=db.close)
    reader.start()
    with pytest.raises(quiredb.Closed):
        stream.next()
    reader.join()


def test_closing_at_any_moment_lets_the_reader_go(users: Users) -> None:
    users.insert_one({"_id": 0})
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for round in range(60):
            stream = users.watch()
            seen: list[object] = []
            reader = threading.Thread(target=lambda s=stream, to=seen: to.extend(event["_id"] for event in s))
            reader.start()
            for _ in range(round % 7):
                users.update_many({}, {"$inc": {"v": 1}})
            stream.close()
            reader.join(60)
            assert not reader.is_alive()
            assert len(seen) == len(set(seen)) <= round % 7
    finally:
        sys.setswitchinterval(interval)
