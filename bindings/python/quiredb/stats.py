# What a database tells of itself: its collections, its figures, what a check, a backup, a compaction and a salvage found.
#
# Promises: the fields are those of the library's replies, in this language's case. Leaves to others: the figures
# (native/engine/src/command/describe.rs).

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class CollectionInfo:
    """A collection and its figures."""

    name: str
    #: How documents without an ``_id`` get one: ``ulid`` or ``integer``.
    ids: str
    documents_count: int
    #: Bytes of the documents as they are stored.
    documents_bytes: int
    #: Pages that hold documents.
    pages_count: int
    #: Bytes of the id index.
    index_bytes: int
    #: Key lists that documents share.
    structures_count: int
    #: Documents that were looked at for the sake of an id that another one has.
    false_visits_count: int


@dataclass(frozen=True)
class Stats:
    """Counts and sizes of a database."""

    collections: list[CollectionInfo]
    #: Pages of the file.
    pages_count: int
    free_pages_count: int
    #: Memory that pages take.
    cache_bytes: int
    #: Pages in memory that the file does not have yet.
    dirty_bytes: int
    #: Older pages, kept for cursors and transactions.
    version_bytes: int
    log_bytes: int
    #: Number of the newest commit.
    sequence: int
    #: Commits since it was opened.
    commits_count: int
    checkpoints_count: int
    #: Pages that were read from the file.
    page_loads_count: int


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    code: str
    message: str
    #: The damaged page, where the damage is in one.
    page: int | None = None


@dataclass(frozen=True)
class CheckReport:
    """What ``check`` found."""

    is_clean: bool
    pages_count: int
    documents_count: int
    problems_count: int
    #: The first of them.
    problems: list[Problem]


@dataclass(frozen=True)
class BackupReport:
    """What a backup holds."""

    pages_count: int
    bytes: int
    collections_count: int
    documents_count: int
    #: Number of the newest commit that it has.
    sequence: int


@dataclass(frozen=True)
class CompactReport:
    """What a compaction did."""

    #: Bytes of the file before and behind it.
    bytes_before: int
    bytes_after: int
    #: Names of the collections that were put into new pages, and of those that could not be.
    moved: list[str]
    left: list[str]


@dataclass(frozen=True)
class SalvageReport:
    """What ``salvage`` found."""

    documents_count: int
    problems_count: int
    #: The first of them.
    problems: list[Problem]


def told(kind: type[R], reply: Mapping[str, Any]) -> R:
    """The object of `kind` that a reply tells. Fields of a newer library are passed over."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    fields = {snake_case(name): value for name, value in reply.items()}
    for name, inner in (("collections", CollectionInfo), ("problems", Problem)):
        if name in fields:
            fields[name] = [told(inner, element) for element in fields[name]]
    return kind(**{name: value for name, value in fields.items() if name in known})


def snake_case(name: str) -> str:
    """A name of the library in this language's case."""
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
