# The types of the package, as mypy reads them: strict on the package itself, and on programs of users.

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BINDING

pytest.importorskip("mypy")

PROGRAM = """
from typing import Any, Dict, List, Optional, TypedDict, Union
from typing_extensions import assert_type
import quiredb

class User(TypedDict, total=False):
    _id: int
    name: str

with quiredb.open("a.quire", durability="disk") as db:
    users = db.collection("users", User)
    assert_type(users.get(1), Optional[User])
    assert_type(users.find({"name": "Ada"}).sort("name").to_list(), List[User])
    assert_type(db["log"].find_one({}), Optional[Dict[str, Any]])
    assert_type(users.insert_one({"name": "Ada"}).inserted_id, Union[str, int, bytes])
    assert_type(db.with_transaction(lambda tx: tx.collection("users", User).get(1)), Optional[User])
    for event in users.watch():
        assert_type(event, Dict[str, Any])
    assert_type(db.stats().collections[0].documents_count, int)
    assert_type(users.create_index("name", unique=True), str)
    users.insert_one({"name": 5})  # wrong
    users.create_index("name", uniqe=True)  # wrong
    quiredb.open("a.quire", durability="never")  # wrong
    users.get(1.5)  # wrong
"""


def mypy(*arguments: str, folder: Path) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(folder), *arguments]
    told = subprocess.run(command, cwd=BINDING, capture_output=True, text=True)
    assert told.stderr == ""
    return told.stdout


def test_the_package_is_strictly_typed(tmp_path: Path) -> None:
    assert mypy("quiredb", folder=tmp_path) == ""
    assert (BINDING / "quiredb" / "py.typed").is_file()


def test_programs_are_told_what_they_get_and_what_is_wrong(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    told = mypy(str(program), folder=tmp_path)
    errors = {int(line) for line in re.findall(r"program\.py:(\d+): error: ", told)}
    wrong = {place for place, line in enumerate(PROGRAM.split("\n"), 1) if line.endswith("# wrong")}
    assert errors == wrong, told
