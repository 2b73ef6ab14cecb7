# What tests share: databases in memory and on disk that are closed behind them, and where the repository is.

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import quiredb

#: The folder of the Python binding, and the repository's.
BINDING = Path(__file__).resolve().parent.parent
ROOT = BINDING.parent.parent


@pytest.fixture
def db() -> Iterator[quiredb.Database]:
    """A database in memory."""
    with quiredb.open(":memory:") as database:
        yield database


@pytest.fixture
def users(db: quiredb.Database) -> quiredb.Collection[quiredb.Document]:
    """An empty collection of a database in memory."""
    return db["users"]


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The path of a file that is not there yet."""
    return str(tmp_path / "test.quire")
