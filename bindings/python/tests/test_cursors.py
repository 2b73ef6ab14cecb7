# Cursors: laziness, batches, chaining, closing; pipelines.

from __future__ import annotations

import gc
from typing import Any

import pytest

import quiredb
from quiredb import DESCENDING

Users = quiredb.Collection[quiredb.Document]
COUNT = 10_000


@pytest.fixture
def many(users: Users) -> Users:
    users.insert_many([{"_id": id, "v": id % 7} for id in range(COUNT)])
    return users


def test_all_documents_come_in_batches_that_grow(many: Users) -> None:
    assert sorted(document["_id"] for document in many.find()) == list(range(COUNT))
    assert len(many.find().to_list()) == COUNT
    cursor = many.find().sort("_id")
    assert [next(cursor)["_id"], cursor.next()["_id"]] == [0, 1]
    assert [document["_id"] for document in cursor.to_list(100)] == list(range(2, 102))
    assert cursor.to_list(0) == []
    assert [document["_id"] for document in cursor] == list(range(102, COUNT))
    assert next(cursor, None) is None and not cursor.alive
    assert cursor.to_list() == []


def test_a_loop_that_was_left_goes_on(many: Users) -> None:
    cursor = many.find().sort("_id")
    for document in cursor:
        if document["_id"] == 70:
            break
    assert next(cursor)["_id"] == 71
    assert [document["_id"] for document in cursor] == list(range(72, COUNT))


def test_nothing_is_read_before_the_first_document_is_asked_for(users: Users) -> None:
    cursor = users.find({"$nonsense": 1})
    with pytest.raises(quiredb.InvalidFilter):
        next(cursor)
    assert not cursor.alive and cursor.to_list() == []
    cursor = users.find()
    users.insert_one({"_id": 1})
    assert cursor.to_list() == [{"_id": 1}]


def test_calls_are_chained(many: Users) -> None:
    cursor = many.find({"v": 3}).sort([("v", 1), ("_id", DESCENDING)]).skip(1).limit(2).project({"v": 0}).hint("_id_")
    assert cursor.to_list() == [{"_id": 9_992}, {"_id": 9_985}]
    same = many.find({"v": 3}, {"v": 0}, 1, 2, sort={"_id": -1}, hint=[("_id", 1)])
    assert same.to_list() == [{"_id": 9_992}, {"_id": 9_985}]
    assert same.clone().to_list() == [{"_id": 9_992}, {"_id": 9_985}]
    assert many.find().sort("_id", -1).limit(1).to_list() == [{"_id": COUNT - 1, "v": 3}]
    assert many.find().sort(["v", ("_id", -1)]).limit(1).to_list() == [{"_id": 9_996, "v": 0}]
    assert many.find().limit(0).to_list() == []
    assert len(many.find().limit(5).limit(None).to_list()) == COUNT


def test_find_one_takes_the_options_of_find(many: Users) -> None:
    assert many.find_one({"v": 3}, {"v": 1}, sort=[("_id", -1)]) == {"_id": 9_999, "v": 3}
    assert many.find_one(sort="_id", skip=5) == {"_id": 5, "v": 5}
    assert many.find_one({"v": 100}) is None
    assert many.find_one({"v": 100}, sort="v") is None
    assert many.find_one(5, {"_id": 0}) == {"v": 5}


def test_wrong_arguments_are_refused_at_once(users: Users) -> None:
    cases: list[tuple[type[quiredb.QuireError], Any]] = [
        (quiredb.InvalidArgument, lambda: users.find(skip=-1)),
        (quiredb.InvalidArgument, lambda: users.find(limit=1.5)),  # type: ignore[arg-type]
        (quiredb.InvalidArgument, lambda: users.find().skip(True)),
        (quiredb.InvalidArgument, lambda: users.find(hint=5)),  # type: ignore[arg-type]
        (quiredb.InvalidSort, lambda: users.find(sort=5)),  # type: ignore[arg-type]
        (quiredb.InvalidSort, lambda: users.find().sort([("a", 1, 2)])),  # type: ignore[list-item]
        (quiredb.InvalidSort, lambda: users.find().sort([("a", 1)], -1)),
        (quiredb.InvalidProjection, lambda: users.find(projection=["a"])),  # type: ignore[arg-type]
        (quiredb.InvalidArgument, lambda: users.aggregate({"$match": {}})),  # type: ignore[arg-type]
        (quiredb.InvalidArgument, lambda: users.count_documents({}, limit=-1)),
    ]
    for kind, call in cases:
        with pytest.raises(kind):
            call()


def test_an_open_cursor_cannot_be_changed(many: Users) -> None:
    cursor = many.find()
    next(cursor)
    for change in (cursor.skip, cursor.limit):
        with pytest.raises(quiredb.InvalidArgument, match="before the first"):
            change(1)


def test_a_cursor_sees_the_moment_it_was_opened(many: Users) -> None:
    with many.find().sort("_id") as cursor:
        next(cursor)
        many.clear()
        assert len(cursor.to_list()) == COUNT - 1
    assert next(cursor, None) is None


def test_a_cursor_that_was_closed_or_forgotten_holds_nothing(db: quiredb.Database, many: Users) -> None:
    cursors = [many.find() for _ in range(20)]
    for cursor in cursors:
        next(cursor)
    many.update_many({}, {"$inc": {"v": 1}})
    assert db.stats().version_bytes > 0
    for cursor in cursors[:10]:
        cursor.close()
        cursor.close()
    del cursor, cursors
    gc.collect()
    many.insert_one({"_id": "more"})
    assert db.stats().version_bytes == 0


def test_a_cursor_of_a_closed_database_is_closed(many: Users, db: quiredb.Database) -> None:
    cursor = many.find()
    next(cursor)
    db.close()
    with pytest.raises(quiredb.Closed):
        cursor.to_list()
    assert not cursor.alive


def test_explain_tells_the_plan(many: Users) -> None:
    many.create_index("v")
    plan = many.find({"v": 3}).explain()
    assert plan["queryPlanner"]["winningPlan"]["inputStage"]["indexName"] == "v_1"
    assert many.aggregate([{"$match": {"v": 3}}, {"$count": "n"}]).explain()["stages"] == ["$match", "$count"]


def test_pipelines_give_cursors(db: quiredb.Database, many: Users) -> None:
    groups = many.aggregate([{"$group": {"_id": "$v", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])
    assert next(groups) == {"_id": 0, "n": 1_429}
    assert len(list(groups)) == 6
    assert db.aggregate([{"$documents": [{"a": 1}, {"a": 2}]}, {"$match": {"a": 2}}]).to_list() == [{"a": 2}]
    assert many.aggregate([{"$match": {"v": 1}}, {"$count": "n"}], hint="_id_").to_list() == [{"n": 1_429}]
    with many.aggregate([{"$nonsense": {}}]) as wrong, pytest.raises(quiredb.InvalidPipeline):
        wrong.to_list()
