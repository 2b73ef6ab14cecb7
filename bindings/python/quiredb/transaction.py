# Transactions: several writes, in several collections, that happen together or not at all.
#
# A transaction reads the moment of its beginning and its own writes; nobody else sees these before it commits.
# Promises: the end of a `with` block commits, an exception rolls back; one that was forgotten is rolled back when it is
# collected; after the end everything that was opened from it gives TransactionEnded. Leaves to others: locks and
# conflicts (the engine), running it again after a conflict (database.py).

from __future__ import annotations

from types import TracebackType
from typing import Any, overload

from .abi import ffi, lib
from .calls import check, text_argument
from .find_and_modify import ModifiableDocuments
from .types import Document, T


class Transaction:
    """An open transaction: a context manager. One thread at a time uses it; another one gets Busy."""

    _handle = 0
    _is_open = False

    def __init__(self, handle: int, keeper: object) -> None:
        self._handle = handle
        # The database has to live as long as the transaction.
        self._keeper = keeper
        self._is_open = True
        self._collections: dict[str, ModifiableDocuments[Any]] = {}

    @overload
    def collection(self, name: str) -> ModifiableDocuments[Document]: ...
    @overload
    def collection(self, name: str, document_type: type[T]) -> ModifiableDocuments[T]: ...
    def collection(self, name: str, document_type: Any = None) -> ModifiableDocuments[Any]:
        """The documents of a collection, as this transaction sees them. Raises InvalidName, TransactionEnded."""
        documents = self._collections.get(name)
        if documents is None:
            text, handle = text_argument("name", name), ffi.new("uint64_t *")
            check(lib.quire_transaction_collection(self._handle, text, len(text), handle))
            documents = self._collections[name] = ModifiableDocuments(name, handle[0], self, True)
        return documents

    def __getitem__(self, name: str) -> ModifiableDocuments[Document]:
        return self.collection(name)

    @property
    def active(self) -> bool:
        """Whether it was neither committed nor rolled back."""
        return self._is_open

    def commit(self) -> None:
        """Makes all writes part of the database. After an error they are rolled back, but for Busy.

        Raises Conflict, TransactionEnded, DiskFull, Io, Poisoned, Closed, DuplicateKey.
        """
        self._end(lib.quire_commit(self._handle))

    def rollback(self) -> None:
        """Forgets all writes. Raises TransactionEnded."""
        self._end(lib.quire_rollback(self._handle))

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._is_open:
            return
        if kind is None:
            self.commit()
        else:
            # The exception that ended the block is the one to be told, whatever rolling back meets.
            self._is_open = False
            lib.quire_rollback(self._handle)

    def __del__(self) -> None:
        # At the end of the interpreter the library may be gone before the transaction.
        if self._is_open and lib is not None:
            lib.quire_rollback(self._handle)

    def _end(self, status: int) -> None:
        try:
            check(status)
        except Exception as error:
            self._is_open = getattr(error, "code", None) == "BUSY"
            raise
        self._is_open = False
