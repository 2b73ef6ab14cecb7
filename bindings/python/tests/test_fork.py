# What a child of os.fork() may do: begin anew. Each test forks in a process of its own, without threads.

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import BINDING

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")

PARENT = """
import os, sys, quiredb

def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

path = sys.argv[1]
db = quiredb.open(path)
users = db["users"]
users.insert_many([{"_id": id} for id in range(1_000)])
cursor, stream, tx = users.find(), users.watch(), db.transaction()
next(cursor)
part = tx["other"]
"""


def run(body: str, path: str) -> None:
    told = subprocess.run([sys.executable, "-c", PARENT + body, path], cwd=BINDING, capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (0, "done\n"), told.stderr


def test_what_the_parent_opened_is_forked(path: str) -> None:
    run(
        """
def work():
    calls = [lambda: users.get(1), lambda: users.insert_one({}), cursor.to_list, stream.try_next, tx.commit, db.stats]
    calls += [lambda: part.get(1), lambda: db["more"], lambda: db.transaction(), db.close]
    for call in calls:
        try:
            call()
        except quiredb.Forked as error:
            assert error.code == "FORKED"
        else:
            raise AssertionError(call)

assert child(work) == 0
assert users.has(1) and len(cursor.to_list()) == 999
part.insert_one({"_id": 1})
tx.commit()
db.close()
print("done")
""",
        path,
    )


def test_a_child_opens_anew(path: str) -> None:
    run(
        """
def work():
    with quiredb.open(":memory:") as mine:
        mine["a"].insert_one({"_id": 1})
        assert mine["a"].get(1) == {"_id": 1}
    try:
        quiredb.open(path)
    except quiredb.Locked:
        pass
    else:
        raise AssertionError("the parent has it")

assert child(work) == 0
db.close()

def after():
    with quiredb.open(path) as mine:
        mine["users"].insert_one({"_id": "child"})

assert child(after) == 0
with quiredb.open(path) as db:
    assert db["users"].has("child")
print("done")
""",
        path,
    )


def test_a_child_that_ends_by_itself_says_nothing(path: str) -> None:
    run(
        """
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert users.has(1)
db.close()
print("done")
""",
        path,
    )
