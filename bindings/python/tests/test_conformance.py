# The conformance cases on the package, and that every operation of theirs is known here.
#
# test/conformance/README.md has the rules; a case that this language reads otherwise is a difference between bindings.

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from conformance_operations import OPERATIONS
from conformance_runner import Run
from conftest import ROOT

CONFORMANCE = ROOT / "test" / "conformance"
CASES = [
    (file.stem, case)
    for file in sorted(Path(os.environ.get("QUIRE_CASES_FOLDER", CONFORMANCE / "cases")).glob("*.json"))
    for case in json.loads(file.read_text("utf-8"))["cases"]
]


@pytest.mark.parametrize(
    "case", [case for _, case in CASES], ids=[f"{family}/{case['name']}" for family, case in CASES]
)
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    Run(case, tmp_path, OPERATIONS).run()


def test_there_are_300_cases() -> None:
    assert len(CASES) >= 300


def test_every_operation_that_is_told_of_is_known() -> None:
    page = (CONFORMANCE / "README.md").read_text("utf-8")
    told = page[page.index("## Operations") : page.index("## Values")]
    names = set(re.findall(r"`([a-z][A-Za-z]+)`", told))
    assert sorted(set(OPERATIONS) - names) == []
    done = {step["op"] for _, case in CASES for step in steps_of(case["steps"])}
    assert sorted(done - set(OPERATIONS)) == []


def steps_of(steps: list[Any]) -> list[Any]:
    return [inner for step in steps for inner in [step, *steps_of(step.get("steps", []))]]


@pytest.mark.parametrize(
    "change", [{"result": 2}, {"error": "DUPLICATE_ID"}, {"result": {"$any": "text"}}, {"result": 1.5}]
)
def test_a_case_that_is_otherwise_fails(change: dict[str, Any], tmp_path: Path) -> None:
    step = {"op": "insertOne", "arguments": {"document": {"_id": 1}}}
    Run({"steps": [{**step, "result": 1}]}, tmp_path, OPERATIONS).run()
    with pytest.raises(AssertionError):
        Run({"steps": [{**step, **change}]}, tmp_path, OPERATIONS).run()


def test_an_error_that_a_case_does_not_expect_fails(tmp_path: Path) -> None:
    steps = [{"op": "insertOne", "arguments": {"document": {"_id": id}}} for id in (1, 1)]
    with pytest.raises(AssertionError, match="DUPLICATE_ID"):
        Run({"steps": steps}, tmp_path, OPERATIONS).run()
