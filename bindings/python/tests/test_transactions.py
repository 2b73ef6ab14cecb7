# Transactions: committing, rolling back, conflicts, and what has ended.

from __future__ import annotations

import gc
from typing import Any

import pytest

import quiredb


def test_the_end_of_the_block_commits(db: quiredb.Database) -> None:
    with db.transaction() as tx:
        assert tx.active
        tx["users"].insert_one({"_id": 1})
        tx.collection("log").insert_many([{"_id": 1}, {"_id": 2}])
        assert tx["users"].has(1) and not db["users"].has(1)
        assert tx["users"].find().to_list() == [{"_id": 1}]
    assert not tx.active
    assert db["users"].has(1) and db["log"].count_documents() == 2


def test_an_exception_rolls_back_and_goes_on(db: quiredb.Database) -> None:
    with pytest.raises(ZeroDivisionError):
        with db.transaction() as tx:
            tx["users"].insert_one({"_id": 1})
            raise ZeroDivisionError
    assert not db["users"].has(1) and not tx.active
    with db.transaction() as tx:
        tx["users"].insert_one({"_id": 1})
        tx.rollback()
    assert not db["users"].has(1)


def test_what_has_ended_says_so(db: quiredb.Database) -> None:
    tx = db.transaction()
    users = tx["users"]
    users.insert_one({"_id": 1})
    tx.commit()
    calls: list[Any] = [tx.commit, tx.rollback, lambda: users.get(1), lambda: tx["other"], lambda: users.insert_one({})]
    for call in calls:
        with pytest.raises(quiredb.TransactionEnded):
            call()
    assert db["users"].has(1)


def test_one_that_was_forgotten_is_rolled_back(db: quiredb.Database) -> None:
    tx = db.transaction()
    tx["users"].insert_one({"_id": 1})
    with pytest.raises(quiredb.Busy):
        db["users"].insert_one({"_id": 2})
    del tx
    gc.collect()
    db["users"].insert_one({"_id": 2})
    assert not db["users"].has(1)


def conflicting(db: quiredb.Database, times: int) -> Any:
    """A callback that meets a conflict so many times."""
    runs = []

    def callback(tx: quiredb.Transaction) -> int:
        runs.append(1)
        count = tx["users"].count_documents()
        if len(runs) <= times:
            db["users"].insert_one({"_id": len(runs)})
        tx["users"].insert_one({"_id": "last", "count": count})
        return len(runs)

    return callback


def test_a_conflict_runs_the_callback_again(db: quiredb.Database) -> None:
    assert db.with_transaction(conflicting(db, 2)) == 3
    assert db["users"].get("last") == {"_id": "last", "count": 2}


def test_a_conflict_is_raised_when_there_are_no_retries_left(db: quiredb.Database) -> None:
    with pytest.raises(quiredb.Conflict):
        db.with_transaction(conflicting(db, 3), retries=2)
    assert not db["users"].has("last")


def test_collections_are_held_from_the_start(db: quiredb.Database) -> None:
    with db.transaction(collections=["users"], durability="disk") as tx:
        with pytest.raises(quiredb.Busy):
            db["users"].insert_one({"_id": 1})
        tx["users"].insert_one({"_id": 2})
    with pytest.raises(quiredb.InvalidArgument):
        db.transaction(collections="users")
    with pytest.raises(quiredb.InvalidArgument):
        db.transaction(durability="never")  # type: ignore[arg-type]


def test_a_write_in_a_transaction_has_no_durability(db: quiredb.Database) -> None:
    with db.transaction() as tx:
        with pytest.raises(quiredb.InvalidArgument, match="durability"):
            tx["users"].insert_one({"_id": 1}, durability="disk")


def test_closing_the_database_ends_it(db: quiredb.Database) -> None:
    tx = db.transaction()
    tx["users"].insert_one({"_id": 1})
    db.close()
    with pytest.raises((quiredb.TransactionEnded, quiredb.Closed)):
        tx.commit()
