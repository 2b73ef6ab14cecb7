# Reading and writing documents by id and by filter, and what the calls refuse. What MongoDB's operators mean is in the
# conformance cases.

from __future__ import annotations

import pickle
from typing import Any

import pytest

import quiredb
from quiredb import DeleteMany, DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne

Users = quiredb.Collection[quiredb.Document]


@pytest.fixture
def three(users: Users) -> Users:
    users.insert_many([{"_id": 1, "n": "a", "v": 1}, {"_id": 2, "n": "b", "v": 2}, {"_id": 3, "n": "c", "v": 2}])
    return users


def test_documents_are_read_by_every_kind_of_id(users: Users) -> None:
    ids: list[Any] = ["a", "x" * 300, 7, -(1 << 63), b"\0\1"]
    users.insert_many([{"_id": id, "v": place} for place, id in enumerate(ids)])
    for place, id in enumerate(ids):
        assert users.get(id) == users.find_one(id) == users.find_one({"_id": id}) == {"_id": id, "v": place}
        assert users.has(id) and id in users
    assert users.get("b") is None and users.get_raw("b") is None and 8 not in users
    assert users.get_raw(7) == b"\x82\xa3_id\x07\xa1v\x02"


def test_what_is_no_id_is_refused(users: Users) -> None:
    wrong: list[Any] = [None, True, 1.5, [], {}, "x" * 2_000, 1 << 63]
    for id in wrong:
        with pytest.raises(quiredb.InvalidId):
            users.get(id)
    assert users.find_one({"_id": True}) is None
    assert users.find_one({"_id": 1 << 63}) is None


def test_large_documents_come_back_and_their_buffer_goes(users: Users) -> None:
    from quiredb.calls import KEPT_BYTES_MAX, POOL

    text = "x" * (3 << 20)
    users.insert_one({"_id": 1, "v": text})
    users.insert_one({"_id": 2, "v": "small"})
    assert users.get(1) == {"_id": 1, "v": text}
    assert users.get(2) == {"_id": 2, "v": "small"}
    assert all(buffer.capacity <= KEPT_BYTES_MAX for buffer in POOL)


def test_a_point_read_makes_no_new_buffer(users: Users) -> None:
    from quiredb.calls import POOL

    users.insert_one({"_id": 1})
    users.get(1)
    kept = list(POOL)
    for _ in range(100):
        users.get(1)
    assert kept == POOL


def test_writes_by_id_say_what_was_there(users: Users) -> None:
    assert users.put({"_id": 1, "a": 1}) is False
    assert users.put({"_id": 1, "a": 2}) is True
    assert users.replace(1, {"a": 3}) is True
    assert users.replace(2, {"a": 3}) is False
    assert users.get(1) == {"_id": 1, "a": 3}
    assert users.delete(1) is True
    assert users.delete(1) is False
    users.insert_many([{"_id": 1}, {"_id": 2}])
    assert users.clear() == 2
    with pytest.raises(quiredb.InvalidId):
        users.put({"a": 1})


def test_ids_are_given_back_in_order(db: quiredb.Database) -> None:
    users = db.create_collection("users", ids="integer")
    assert users.insert_many([{}, {"_id": "a"}, {}]).inserted_ids == [1, "a", 2]
    assert users.insert_many({"_id": id} for id in range(100, 70_200)).inserted_ids[-1] == 70_199
    assert users.insert_many([]).inserted_ids == []
    assert users.insert_one({}).inserted_id == 70_200


def test_insert_many_inserts_all_or_nothing(three: Users) -> None:
    with pytest.raises(quiredb.DuplicateId):
        three.insert_many([{"_id": 9}, {"_id": 1}])
    assert not three.has(9)
    with pytest.raises(quiredb.BulkWriteError) as told:
        three.insert_many([{"_id": 9}, {"_id": 1}, {"_id": 10}], ordered=False)
    assert told.value.code == "DUPLICATE_ID"
    assert told.value.result.inserted_ids == {0: 9, 2: 10}
    assert [(error.index, error.code) for error in told.value.write_errors] == [(1, "DUPLICATE_ID")]
    assert three.insert_many([{"_id": 11}], ordered=False).inserted_ids == [11]
    for wrong in ({"_id": 12}, "text", b"bytes"):
        with pytest.raises(quiredb.InvalidArgument):
            three.insert_many(wrong)  # type: ignore[arg-type]


def test_updates_by_id_and_by_filter_give_the_same_results(three: Users) -> None:
    for filter in ({"_id": 1}, {"_id": 1, "n": "a"}, {"n": "a"}):
        result = three.update_one(filter, {"$inc": {"v": 1}})
        assert (result.matched_count, result.modified_count, result.upserted_id) == (1, 1, None)
        result = three.update_one(filter, {"$set": {"n": "a"}})
        assert (result.matched_count, result.modified_count, result.acknowledged) == (1, 0, True)
    assert three.get(1) == {"_id": 1, "n": "a", "v": 4}
    assert three.update_one({"_id": 9}, {"$set": {"v": 1}}).matched_count == 0
    assert three.update_many({"v": 2}, [{"$set": {"w": {"$add": ["$v", 1]}}}]).modified_count == 2


def test_upserts_tell_the_id(users: Users) -> None:
    result = users.update_one({"_id": 7}, {"$set": {"v": 1}}, upsert=True)
    assert (result.matched_count, result.upserted_id, result.did_upsert) == (0, 7, True)
    assert users.replace_one({"_id": 8}, {"v": 2}, upsert=True).upserted_id == 8
    assert users.replace_one({"_id": 8}, {"v": 3}).modified_count == 1


def test_a_replacement_is_never_taken_for_an_update(three: Users) -> None:
    with pytest.raises(quiredb.InvalidUpdate):
        three.update_one({"_id": 1}, {"v": 5})
    with pytest.raises(quiredb.InvalidUpdate):
        three.update_one({"_id": 1}, {})
    with pytest.raises(quiredb.InvalidUpdate):
        three.replace_one({"_id": 1}, {"$set": {"v": 5}})
    with pytest.raises(quiredb.InvalidArgument):
        three.update_one({"_id": 1}, "text")  # type: ignore[arg-type]
    with pytest.raises(quiredb.InvalidArgument):
        three.replace_one({"_id": 1}, [])  # type: ignore[arg-type]
    assert three.get(1) == {"_id": 1, "n": "a", "v": 1}


def test_changing_and_deleting_need_a_filter(three: Users) -> None:
    for call in (three.delete_one, three.delete_many, three.find_one_and_delete):
        with pytest.raises(quiredb.InvalidArgument):
            call(None)  # type: ignore[arg-type]
    with pytest.raises(quiredb.InvalidArgument):
        three.update_many(None, {"$set": {"a": 1}})  # type: ignore[arg-type]
    assert three.delete_one({"_id": 1}).deleted_count == 1
    assert three.delete_one({"_id": 1}).deleted_count == 0
    assert three.delete_one({"v": 2}, hint="_id_").deleted_count == 1
    assert three.delete_many({}).deleted_count == 1


def test_find_one_and_changes_give_the_document_back(three: Users) -> None:
    before = three.find_one_and_update({"v": 2}, {"$inc": {"v": 1}}, sort=[("n", -1)])
    assert before == {"_id": 3, "n": "c", "v": 2}
    after = three.find_one_and_update({"_id": 3}, {"$inc": {"v": 1}}, {"v": 1}, return_document=ReturnDocument.AFTER)
    assert after == {"_id": 3, "v": 4}
    replaced = three.find_one_and_replace({"_id": 9}, {"v": 0}, upsert=True, return_document="after")
    assert replaced == {"_id": 9, "v": 0}
    assert three.find_one_and_delete({"v": {"$gt": 100}}) is None
    assert three.find_one_and_delete({}, sort="v") == {"_id": 9, "v": 0}


def test_bulk_writes_take_operations_and_maps(three: Users) -> None:
    result = three.bulk_write(
        [
            InsertOne({"_id": 4}),
            {"insertOne": {"document": {"_id": 5}}},
            UpdateOne({"_id": 1}, {"$set": {"v": 9}}),
            UpdateMany({"v": 2}, {"$set": {"v": 3}}),
            ReplaceOne({"_id": 6}, {"v": 1}, upsert=True),
            DeleteOne({"_id": 4}),
            DeleteMany({"v": 9}),
        ]
    )
    assert (result.inserted_count, result.matched_count, result.modified_count) == (2, 3, 3)
    assert (result.deleted_count, result.upserted_count) == (2, 1)
    assert result.inserted_ids == {0: 4, 1: 5} and result.upserted_ids == {4: 6}
    assert repr(DeleteOne({"_id": 4})) == "DeleteOne(filter={'_id': 4})"


def test_a_failed_bulk_write_tells_what_was_done(three: Users) -> None:
    operations = [InsertOne({"_id": 9}), InsertOne({"_id": 1}), InsertOne({"_id": 10})]
    with pytest.raises(quiredb.BulkWriteError) as told:
        three.bulk_write(operations)
    assert told.value.result.inserted_ids == {0: 9} and "operation 1" in str(told.value)
    again = pickle.loads(pickle.dumps(told.value))
    assert (again.code, again.result.inserted_ids) == ("DUPLICATE_ID", {0: 9})


def test_results_are_counted(three: Users) -> None:
    assert three.count_documents() == three.estimated_document_count() == 3
    assert three.count_documents({"v": 2}) == 2
    assert three.count_documents({"v": 2}, skip=1) == 1
    assert three.count_documents({}, limit=2) == 2
    assert three.distinct("v") == [1, 2]
    assert three.distinct("n", {"v": 2}) == ["b", "c"]


def test_a_durability_that_is_none_is_refused(users: Users) -> None:
    users.insert_one({"_id": 1}, durability="lazy")
    never: list[Any] = ["never", 1, []]
    for wrong in never:
        with pytest.raises(quiredb.InvalidArgument, match="durability"):
            users.insert_one({"_id": 2}, durability=wrong)
