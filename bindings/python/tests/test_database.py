# Databases as a whole: opening, collections, indexes, figures, checks, backups, salvage.

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import BINDING

import quiredb
from quiredb import IndexModel


def test_a_file_keeps_what_was_committed(path: str) -> None:
    with quiredb.open(path) as db:
        db["users"].insert_one({"_id": 1, "a": "b"})
    assert db.closed and "closed" in repr(db)
    with quiredb.open(Path(path), read_only=True) as db:
        assert db["users"].get(1) == {"_id": 1, "a": "b"}
        with pytest.raises(quiredb.ReadOnly):
            db["users"].insert_one({"_id": 2})


def test_what_was_closed_refuses_every_call(path: str) -> None:
    db = quiredb.open(path)
    users = db["users"]
    db.close()
    db.close()
    for call in (
        lambda: users.get(1),
        lambda: db["users"],
        db.stats,
        db.sync,
        lambda: users.insert_one({}),
        users.watch,
    ):
        with pytest.raises(quiredb.Closed):
            call()


def test_every_option_arrives(path: str) -> None:
    options = {
        "durability": "lazy",
        "sync_interval": 50,
        "cache_size": 1 << 20,
        "document_bytes_max": 100,
        "lock_wait": 0,
    }
    more = {"log": "write", "checkpoint_log_size": 1 << 20, "watch_size": 1 << 20, "ttl_interval": 0, "create": True}
    with quiredb.open(path, **options, **more) as db:  # type: ignore[arg-type]
        with pytest.raises(quiredb.DocumentTooLarge):
            db["users"].insert_one({"v": "x" * 200})
    with pytest.raises(quiredb.InvalidArgument, match="cacheSize"):
        quiredb.open(path, cache_size=1)
    with pytest.raises(quiredb.CannotOpen):
        quiredb.open(path + ".not", create=False)
    with pytest.raises(TypeError):
        quiredb.open(path, speed=11)  # type: ignore[call-arg]
    for wrong in (None, 5, b"bytes"):
        with pytest.raises(quiredb.InvalidArgument):
            quiredb.open(wrong)  # type: ignore[arg-type]


def test_one_file_has_one_engine_in_a_process_and_one_process(path: str) -> None:
    with quiredb.open(path) as one, quiredb.open(path) as other:
        one["users"].insert_one({"_id": 1})
        assert other["users"].has(1)
        code = (
            "import quiredb, sys\ntry:\n quiredb.open(sys.argv[1])\nexcept quiredb.Locked as error:\n print(error.code)"
        )
        told = subprocess.run([sys.executable, "-c", code, path], cwd=BINDING, capture_output=True, text=True)
        assert told.stdout == "LOCKED\n", told.stderr


def test_a_database_that_was_forgotten_is_closed(path: str) -> None:
    db = quiredb.open(path)
    db["users"].insert_one({"_id": 1})
    del db
    gc.collect()
    code = "import quiredb, sys; db = quiredb.open(sys.argv[1]); print(db['users'].get(1)); db['users'].put({'_id': 2})"
    told = subprocess.run([sys.executable, "-c", code, path], cwd=BINDING, capture_output=True, text=True)
    assert (told.stdout, told.stderr) == ("{'_id': 1}\n", "")
    with quiredb.open(path, read_only=True) as db:
        assert db["users"].has(2)


def test_what_was_opened_from_a_database_keeps_it_open(path: str) -> None:
    users = quiredb.open(path)["users"]
    gc.collect()
    users.insert_one({"_id": 1})
    part = quiredb.open(path).transaction()["others"]
    gc.collect()
    part.insert_one({"_id": 2})
    stream = quiredb.open(path).watch()
    gc.collect()
    assert users.delete(1) and stream.next()["operationType"] == "delete"
    cursor = quiredb.open(path).aggregate([{"$documents": [{"a": 1}]}])
    gc.collect()
    assert cursor.to_list() == [{"a": 1}]


def test_collections_are_made_listed_renamed_and_dropped(db: quiredb.Database) -> None:
    assert db["a"] is db.collection("a")
    db.create_collection("ints", ids="integer")
    db["a"].insert_one({"_id": 1})
    assert db.list_collection_names() == ["a", "ints"]
    [first, second] = db.list_collections()
    assert (first.name, first.ids, first.documents_count, second.ids) == ("a", "ulid", 1, "integer")
    with pytest.raises(quiredb.CollectionExists):
        db.create_collection("a")
    db.rename_collection("a", "b")
    db["b"].rename("c")
    assert db["c"].has(1)
    assert db.drop_collection("b") is False
    assert db["c"].drop() is True
    for name in ("", "x" * 300, "\0"):
        with pytest.raises(quiredb.InvalidName):
            db[name]
    with pytest.raises(quiredb.InvalidArgument):
        db[5]  # type: ignore[index]
    with pytest.raises(quiredb.InvalidArgument):
        db["\ud800"]


def test_indexes_are_made_listed_and_dropped(users: quiredb.Collection[quiredb.Document]) -> None:
    assert users.create_index("a") == "a_1"
    assert users.create_index([("a", -1), "b"], unique=True, name="ab") == "ab"
    assert users.create_index({"c": 1}, expireAfterSeconds=60, sparse=True) == "c_1"
    models: list[Any] = [IndexModel("d", partialFilterExpression={"d": {"$gt": 1}}), {"key": [("e", 1)]}]
    assert users.create_indexes(models) == ["d_1", "e_1"]
    assert list(users.index_information()) == ["_id_", "a_1", "ab", "c_1", "d_1", "e_1"]
    assert users.index_information()["ab"]["key"] == [("a", -1), ("b", 1)]
    users.drop_index("a_1")
    users.drop_index([("a", -1), ("b", 1)])
    assert [index["name"] for index in users.list_indexes()] == ["_id_", "c_1", "d_1", "e_1"]
    with pytest.raises(quiredb.IndexNotFound):
        users.drop_index("a_1")
    with pytest.raises(quiredb.InvalidArgument):
        users.drop_index(None)  # type: ignore[arg-type]
    users.create_index("u", unique=True)
    users.insert_one({"u": 1})
    with pytest.raises(quiredb.DuplicateKey):
        users.insert_one({"u": 1})
    users.drop_indexes()
    assert len(users.list_indexes()) == 1


def test_figures_and_checks_are_told(path: str) -> None:
    with quiredb.open(path) as db:
        db["users"].insert_many([{"_id": id} for id in range(100)])
        db.sync()
        db.checkpoint()
        stats = db.stats()
        assert (stats.commits_count, stats.collections[0].documents_count) == (1, 100)
        report = db.check()
        assert report.is_clean and (report.documents_count, report.problems) == (100, [])
        assert db.expire_documents() == 0


def test_a_backup_is_a_database(path: str, tmp_path: Path) -> None:
    with quiredb.open(path) as db:
        db["users"].insert_many([{"_id": id} for id in range(100)])
        report = db.backup(tmp_path / "copy.quire")
        assert (report.documents_count, report.collections_count) == (100, 1)
    with quiredb.open(tmp_path / "copy.quire") as copy:
        assert copy["users"].count_documents() == 100


def test_a_compaction_takes_the_room_of_what_was_deleted(path: str) -> None:
    with quiredb.open(path) as db:
        db["users"].insert_many([{"_id": id, "v": "x" * 500} for id in range(2_000)])
        db.checkpoint()
        db["users"].delete_many({"_id": {"$gte": 100}})
        report = db.compact()
        assert report.bytes_after < report.bytes_before
        assert (report.moved, report.left) == (["users"], [])
        assert db["users"].count_documents() == 100


def test_a_damaged_file_tells_its_page_and_is_salvaged(path: str, tmp_path: Path) -> None:
    with quiredb.open(path) as db:
        db["users"].insert_many([{"_id": id, "v": "x" * 500} for id in range(1_000)])
    with open(path, "r+b") as file:
        file.seek(40 * 4096 + 100)
        file.write(b"damaged")
    with quiredb.open(path) as db:
        report = db.check()
        assert not report.is_clean and report.problems[0].page == 40
        with pytest.raises(quiredb.Corrupted) as told:
            db["users"].find().to_list()
        assert told.value.page == 40 and "page 40" in str(told.value)
    salvaged = quiredb.salvage(path, tmp_path / "new.quire")
    assert 900 < salvaged.documents_count < 1_000 and salvaged.problems_count > 0
    with quiredb.open(tmp_path / "new.quire") as db:
        assert db["users"].count_documents() == salvaged.documents_count
    with pytest.raises(quiredb.InvalidArgument):
        quiredb.salvage(path, tmp_path / "new.quire")
