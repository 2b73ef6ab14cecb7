# Runs one conformance case on the package: a database of its own, its steps one after the other.
#
# test/conformance/README.md says what cases and operations are. Promises: a step whose result is another one than the
# case says fails with the case's own words; what the case opened is closed. Names of options and of results are turned
# into this language's case and back. Leaves to others: values (conformance_values.py), what an operation calls
# (conformance_operations.py).

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from conformance_values import decoded, difference

import quiredb

Case = dict[str, Any]
Step = dict[str, Any]

#: The collection of steps that name none.
THINGS = "things"


class RolledBack(Exception):
    """Leaves a transaction that the case rolls back."""


class Run:
    """A case while it runs."""

    def __init__(
        self, case: Case, directory: Path, operations: dict[str, Callable[[Call, dict[str, Any]], Any]]
    ) -> None:
        self.case = case
        self.operations = operations
        self.directory = directory
        storage = case.get("storage", ":memory:")
        self.path = self.file("case") if storage in ("file", "none") else storage
        self.options: dict[str, Any] = case.get("options", {})
        self.database: quiredb.Database | None = None
        self.opened: dict[str, Any] = {}
        self.saved: dict[str, Any] = {}

    def run(self) -> None:
        """Runs the case; raises AssertionError with what is otherwise than it says."""
        try:
            if self.case.get("storage") != "none":
                self._begin()
            for place, step in enumerate(self.case["steps"]):
                self.step(step, f"steps[{place}] {step['op']}")
        finally:
            if self.database is not None:
                self.database.close()

    def file(self, name: str) -> str:
        """The path of the case's file of this name."""
        return str(self.directory / f"{name}.quire")

    def open(self) -> None:
        """Opens the database with the options of the case."""
        self.database = quiredb.open(self.path, **{snake_case(name): value for name, value in self.options.items()})

    def _begin(self) -> None:
        self.open()
        assert self.database is not None
        if "ids" in self.case:
            self.database.create_collection(THINGS, ids=self.case["ids"])
        things = self.database[THINGS]
        if "documents" in self.case:
            things.insert_many(decoded(self.case["documents"], {}))
        if "indexes" in self.case:
            things.create_indexes(decoded(self.case["indexes"], {}))

    def step(self, step: Step, where: str, transaction: quiredb.Transaction | None = None) -> None:
        """Does one step. Raises AssertionError, or what the package raises for another reason than the case's."""
        result: Any = None
        code: str | None = None
        call = Call(self, step, where, transaction)
        try:
            result = self.operations[step["op"]](call, decoded(step.get("arguments", {}), self.saved))
        except quiredb.BulkWriteError as error:
            code = error.code
            result = {**fields(error.result), "writeErrors": [part(one) for one in error.write_errors]}
        except quiredb.QuireError as error:
            code = error.code
            assert "error" in step, f"{where}: {code}: {error}"
        except TypeError as error:
            # A keyword that a method does not have is Python's to refuse.
            assert "unexpected keyword argument" in str(error), f"{where}: {error!r}"
            code = "INVALID_ARGUMENT"
        if "error" in step:
            expected = step["error"] if isinstance(step["error"], list) else [step["error"]]
            assert code in expected, f"{where}: {expected} expected, got {code}"
        else:
            assert code is None, f"{where}: {code}"
        if "save" in step:
            self.saved[step["save"]] = result
        if "result" in step:
            found = difference(step["result"], result, self.saved)
            assert found is None, f"{where}: {found}"


class Call:
    """One step, with what it works on."""

    def __init__(self, run: Run, step: Step, where: str, transaction: quiredb.Transaction | None) -> None:
        self.run = run
        self.step = step
        self._where = where
        self._transaction = transaction

    @property
    def database(self) -> Any:
        """The case's database."""
        return self.run.database

    @property
    def collection(self) -> Any:
        """The collection that the step names."""
        return self.database[self.step.get("collection", THINGS)]

    @property
    def documents(self) -> Any:
        """The documents of the collection, in the transaction of the step where it has one."""
        transaction = self._transaction or (self.opened if "of" in self.step else None)
        return self.collection if transaction is None else transaction[self.step.get("collection", THINGS)]

    @property
    def of_database(self) -> bool:
        """Whether the step is asked of the database."""
        return "collection" in self.step and self.step["collection"] is None

    @property
    def opened(self) -> Any:
        """What `of` names."""
        return self.run.opened[self.step["of"]]

    def keep(self, opened: Any) -> None:
        """Keeps what the step opened."""
        if "as" in self.step:
            self.run.opened[self.step["as"]] = opened

    def inside(self, transaction: quiredb.Transaction) -> None:
        """Does the steps within this one."""
        for place, step in enumerate(self.step.get("steps", [])):
            self.run.step(step, f"{self._where}, steps[{place}] {step['op']}", transaction)
        if self.step.get("end") == "rollback":
            raise RolledBack


def snake_case(name: str) -> str:
    """A name of the cases in this language's case."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def camel_case(name: str) -> str:
    """A name of this language in the cases' case."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def fields(result: Any) -> dict[str, Any]:
    """The fields of a result, by the names of the cases; ids by the place of their document, as a text."""
    told = {name: getattr(result, name) for name in result.__dataclass_fields__}
    return {camel_case(name): nested(value) for name, value in told.items()}


def nested(value: Any) -> Any:
    """A field's value, with results inside it by the names of the cases."""
    if isinstance(value, list):
        return [nested(element) for element in value]
    if isinstance(value, dict):
        return {str(key): inner for key, inner in value.items()}
    if not hasattr(value, "__dataclass_fields__"):
        return value
    return {name: inner for name, inner in fields(value).items() if inner is not None}


def part(error: quiredb.WriteError) -> dict[str, Any]:
    """What cases compare of a write that failed."""
    return {"index": error.index, "code": error.code}
