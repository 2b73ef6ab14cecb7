# Where the C library is: beside the module in a wheel, where QUIRE_LIBRARY says, or built in the checkout.
#
# Promises: QUIRE_LIBRARY is believed before all else, so that a program can be run on another build; of two builds in a
# checkout the newer one is taken. Leaves to others: loading it (abi.py), building it (`npm run build:capi`, maturin).

from __future__ import annotations

import os
import sys
from pathlib import Path

from .errors import LibraryMissing

# Names a library to load in the place of the one that belongs to the package.
ENVIRONMENT = "QUIRE_LIBRARY"

_NAMES = {"darwin": "libquire.dylib", "win32": "quire.dll"}
_NAME = _NAMES.get(sys.platform, "libquire.so")
_SUFFIX = Path(_NAME).suffix
_PACKAGE = Path(__file__).resolve().parent
# The folder that maturin puts the library into.
_IN_WHEEL = _PACKAGE / "native"


def library_path() -> str:
    """The path of the library. Raises LibraryMissing, which names the places that were looked at."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        if not os.path.isfile(named):
            raise LibraryMissing(f"{ENVIRONMENT} is {named}, and there is no such file")
        return named
    candidates = sorted(_IN_WHEEL.glob(f"*{_SUFFIX}")) or _built()
    if not candidates:
        raise LibraryMissing(
            f"there is no {_NAME} in {_IN_WHEEL}, nor one built in a checkout; install the wheel of quiredb, "
            f"run `npm run build:capi` in the checkout, or set {ENVIRONMENT} to the library's path"
        )
    return str(candidates[0])


def _built() -> list[Path]:
    """What was built in the checkout that the package stands in, the newest first."""
    native = _PACKAGE.parent.parent.parent / "native"
    target = Path(os.environ.get("CARGO_TARGET_DIR") or native / "target")
    found = [path for path in (native / "dist" / "capi" / _NAME, target / "release" / _NAME) if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
