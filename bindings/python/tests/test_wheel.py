# The wheel, as a new user has it: built by maturin, installed into a fresh environment, README's program run there.
#
# Needs cargo, and maturin, which pip fetches; where there is no cargo the tests are skipped.

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import BINDING
from test_readme import run_first_program

from quiredb.library import ENVIRONMENT

pytestmark = pytest.mark.skipif(shutil.which("cargo") is None, reason="there is no cargo on the PATH")


def run(*command: str | Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != ENVIRONMENT}
    told = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, BINDING)
    [made] = folder.glob("quiredb-*.whl")
    return made


def test_the_wheel_holds_the_library_and_the_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "quiredb/py.typed" in names
    assert [name for name in names if re.fullmatch(r"quiredb/native/\w+\.(so|dylib|dll)", name)]
    assert not [name for name in names if "tests" in name or name.endswith(".toml")]
    assert "-py3-none-" in wheel.name


def test_the_wheel_runs_the_readme_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "fresh", with_pip=True)
    python = tmp_path / "fresh" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", wheel)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    run_first_program(str(python), folder)
