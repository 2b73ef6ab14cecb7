# The README's programs, run as they stand there, and what it says of names and types.

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from conftest import BINDING

import quiredb
from quiredb.find_and_modify import ModifiableDocuments

README = (BINDING / "README.md").read_text("utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


def run_first_program(python: str, folder: Path) -> None:
    """Runs the README's first program in `folder`; holds that it prints what it should."""
    environment = {"PATH": ""} if python != sys.executable else {"PYTHONPATH": str(BINDING)}
    told = subprocess.run([python, "-c", PROGRAMS[0]], cwd=folder, capture_output=True, text=True, env=environment)
    assert (told.stdout, told.stderr) == ("Ada 37\nGrace 45\n", "")
    assert (folder / "app.quire").is_file()


def test_the_first_program_works_as_written(tmp_path: Path) -> None:
    assert len(PROGRAMS[0].strip().split("\n")) <= 12
    run_first_program(sys.executable, tmp_path)


def test_the_other_programs_work(users: quiredb.Collection[quiredb.Document]) -> None:
    users.insert_one({"_id": 1})
    for program in PROGRAMS[1:]:
        exec(program, {"quiredb": quiredb, "users": users, "print": lambda *words: None})


def test_every_method_is_named(db: quiredb.Database) -> None:
    kinds = [quiredb.Database, quiredb.Collection, ModifiableDocuments, quiredb.Documents, quiredb.Cursor]
    methods = {name for kind in kinds for name in dir(kind) if not name.startswith("_")}
    assumed = {"closed", "next", "alive", "path", "name"}
    assert sorted(name for name in methods - assumed if f"`{name}" not in README) == []
