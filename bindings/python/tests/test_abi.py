# What the package has of quire.h: the same declarations, every call used or left out with a reason, every error mapped.

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from conftest import BINDING, ROOT

import quiredb
from quiredb import abi, errors, library
from quiredb.abi import ffi, lib

HEADER = (ROOT / "bindings" / "c" / "include" / "quire.h").read_text("utf-8")
SOURCES = "".join(path.read_text("utf-8") for path in (BINDING / "quiredb").glob("*.py") if path.name != "abi.py")

# Calls of quire.h that the package does not make, and why.
NOT_CALLED = {
    "quire_abi_version": "is asked once, in abi.py",
    "quire_version": "is asked in abi.py, for library_version",
    "quire_status_code": "codes are the exceptions' own; a test compares them",
    "quire_json_to_msgpack": "is for programs without a codec",
    "quire_msgpack_to_json": "is for programs without a codec",
    "quire_insert_json": "is for programs without a codec",
    "quire_get_json": "is for programs without a codec",
    "quire_find_json": "is for programs without a codec",
    "quire_command_json": "is for programs without a codec",
}


def calls_of(text: str) -> dict[str, str]:
    """The calls that a header declares, by name, each with what it takes and gives in one spelling."""
    plain = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    found = re.findall(r"([\w ]+?[ *]+)(quire_\w+)\(([^)]*)\);", plain)
    return {name: spelled(f"{result}({arguments})") for result, name, arguments in found}


def spelled(declaration: str) -> str:
    # Bytes are `char *` on this side, which cffi takes `bytes` for.
    return re.sub(r"\s+", "", declaration.replace("struct ", "").replace("uint8_t", "char").replace("void)", ")"))


def test_declarations_are_those_of_the_header() -> None:
    ours, theirs = calls_of(abi.DECLARATIONS), calls_of(HEADER)
    assert {name: theirs.get(name) for name in ours} == ours
    assert len(ours) > 40


def test_every_call_of_the_header_is_used_or_has_a_reason() -> None:
    names = set(calls_of(HEADER))
    used = {name for name in names if re.search(rf"\blib\.{name}\b", SOURCES)}
    assert sorted(names - used - set(NOT_CALLED)) == []
    assert sorted(used & set(NOT_CALLED)) == []


def test_every_engine_error_has_a_class() -> None:
    source = (ROOT / "native" / "engine" / "src" / "error.rs").read_text("utf-8")
    kinds = re.findall(r'^ {4}(\w+) = (\d+), "([A-Z_]+)"', source, flags=re.M)
    assert [(kind.__name__, str(number), kind.code) for number, kind in enumerate(errors.ENGINE_ERRORS, 1)] == kinds


def test_every_status_of_the_library_has_its_class() -> None:
    codes: list[str] = []
    while (code := lib.quire_status_code(len(codes) + 1)) != ffi.NULL:
        codes.append(ffi.string(code).decode())
    assert codes == [kind.code for kind in errors.ENGINE_ERRORS]


def test_every_exception_can_be_named_by_users() -> None:
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert sorted(kinds - {"Any", "Optional"} - set(quiredb.__all__)) == []
    assert all(issubclass(kind, quiredb.QuireError) for kind in errors.ENGINE_ERRORS)


def test_a_status_of_a_newer_library_is_internal() -> None:
    assert errors.error_of_status(9_999) is quiredb.Internal


def test_the_package_and_the_library_are_of_one_release() -> None:
    assert quiredb.library_version() == quiredb.__version__
    project = (BINDING / "pyproject.toml").read_text("utf-8")
    assert f'version = "{quiredb.__version__}"' in project


def test_a_library_named_by_the_environment_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(library.ENVIRONMENT, abi.LIBRARY_PATH)
    assert library.library_path() == abi.LIBRARY_PATH
    monkeypatch.setenv(library.ENVIRONMENT, "nowhere.so")
    with pytest.raises(quiredb.LibraryMissing, match="nowhere"):
        library.library_path()


def test_what_is_no_library_of_ours_is_refused_at_import() -> None:
    for named in (sys.executable, __file__):
        code = "try:\n import quiredb\nexcept ImportError as error:\n print(error.code)"
        environment = {**os.environ, library.ENVIRONMENT: named}
        told = subprocess.run(
            [sys.executable, "-c", code], cwd=BINDING, capture_output=True, text=True, env=environment
        )
        assert told.stdout == "LIBRARY_MISSING\n", told.stderr
