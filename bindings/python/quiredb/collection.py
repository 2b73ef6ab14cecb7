# A collection: its documents, and what can be done with it as a whole.
#
# Promises: it exists from its first write on; one that was dropped comes to exist again with the next write.
# Leaves to others: the verbs on documents (documents.py), making and listing collections (database.py).

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .abi import ffi, lib
from .calls import check, durability_number, run_command, text_argument
from .change_stream import ChangeStream, watch_request
from .errors import InvalidArgument
from .find_and_modify import ModifiableDocuments
from .requests import keys_of
from .types import Document, Durability, Filter, FullDocument, IndexOptions, Keys, Pipeline, T

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Directions of a sort order or an index.
ASCENDING = 1
DESCENDING = -1


class IndexModel:
    """An index that is asked for together with others, as pymongo's."""

    def __init__(self, keys: Keys, **options: Unpack[IndexOptions]) -> None:
        #: What the library is sent.
        self.document: Document = {"key": keys_of(keys), **options}


class Collection(ModifiableDocuments[T]):
    """A collection of documents. Every method is a transaction of its own. Any thread may use it."""

    def __init__(self, name: str, handle: int, database: int, keeper: object) -> None:
        super().__init__(name, handle, keeper, False)
        self._database = database

    def create_index(self, keys: Keys, *, durability: Durability | None = None, **options: Unpack[IndexOptions]) -> str:
        """Makes an index, unless there is one that is the same; gives its name.

        `keys` are ``"city"``, or ``[("city", 1), ("age", -1)]``, or a mapping; for the options see `IndexOptions`.
        Raises InvalidIndex, IndexExists, DuplicateKey, LimitExceeded.
        """
        return self.create_indexes([IndexModel(keys, **options)], durability=durability)[0]

    def create_indexes(
        self, indexes: Sequence[IndexModel | Mapping[str, Any]], *, durability: Durability | None = None
    ) -> list[str]:
        """Makes indexes, all or none; gives their names. Each is an `IndexModel`, or a mapping with ``key``."""
        described = [
            index.document if isinstance(index, IndexModel) else {**index, "key": keys_of(index.get("key"))}
            for index in indexes
        ]
        request = {"op": "createIndexes", "indexes": described}
        names: list[str] = run_command(self._handle, request, durability_number(durability))["names"]
        return names

    def drop_index(self, index_or_name: str | Keys, *, durability: Durability | None = None) -> None:
        """Drops an index, by its name or its fields as when it was made. Raises IndexNotFound."""
        if index_or_name is None:
            raise InvalidArgument("drop_index takes the name or the fields of an index; drop_indexes drops them all")
        index = index_or_name if isinstance(index_or_name, str) else keys_of(index_or_name)
        run_command(self._handle, {"op": "dropIndexes", "index": index}, durability_number(durability))

    def drop_indexes(self, *, durability: Durability | None = None) -> None:
        """Drops all indexes but the one on ``_id``."""
        run_command(self._handle, {"op": "dropIndexes"}, durability_number(durability))

    def list_indexes(self) -> list[Document]:
        """The indexes, each as it was asked for, with ``entriesCount`` and ``bytes``."""
        indexes: list[Document] = run_command(self._handle, {"op": "listIndexes"})["indexes"]
        return indexes

    def index_information(self) -> dict[str, Document]:
        """The indexes by name, with their keys as pairs, as pymongo has it."""
        indexes = {index.pop("name"): index for index in self.list_indexes()}
        for index in indexes.values():
            index["key"] = list(index["key"].items())
        return indexes

    def watch(
        self,
        pipeline: Filter | Pipeline | None = None,
        *,
        full_document: FullDocument | None = None,
        resume_after: str | None = None,
        start_after: str | None = None,
        durable: bool = False,
    ) -> ChangeStream:
        """The changes of the collection from now on; ends with ``invalidate`` when it is dropped or renamed.

        `pipeline` is a filter on events, such as ``{"operationType": "insert"}``, or a list of ``$match`` stages.
        `durable` tells only what is on disk. Raises InvalidArgument for a token of another database, HistoryLost,
        InvalidFilter. See docs/CHANGES.md.
        """
        request = watch_request(pipeline, full_document, resume_after, start_after, durable)
        return ChangeStream(self._database, {**request, "collection": self.name}, self._keeper)

    def drop(self) -> bool:
        """Deletes the collection and all its documents; gives whether there was one. Raises Busy, ReadOnly."""
        name, existed = text_argument("name", self.name), ffi.new("bool *")
        check(lib.quire_drop_collection(self._database, name, len(name), existed))
        return bool(existed[0])

    def rename(self, new_name: str) -> None:
        """Gives the collection another name; this object keeps standing for the old one.

        Raises CollectionNotFound, CollectionExists, InvalidName, Busy, ReadOnly.
        """
        name, to = text_argument("name", self.name), text_argument("new_name", new_name)
        check(lib.quire_rename_collection(self._database, name, len(name), to, len(to)))
