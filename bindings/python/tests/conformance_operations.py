# What each operation of the conformance cases calls.
#
# Promises: every operation of test/conformance/README.md is here; a test compares. Leaves to others: running cases
# (conformance_runner.py).

from __future__ import annotations

import os
from typing import Any, Callable

from conformance_runner import Call, RolledBack, fields, snake_case

import quiredb

Arguments = dict[str, Any]

# Names of arguments that are others here.
_RENAMED = {"field": "key", "index": "index_or_name", "to": "new_name"}


def _keywords(given: Arguments) -> Arguments:
    return {_RENAMED.get(name, snake_case(name)): value for name, value in given.items()}


def _on_documents(method: str, read: Callable[[Any], Any] = lambda result: result) -> Callable[[Call, Arguments], Any]:
    return lambda call, given: read(getattr(call.documents, method)(**_keywords(given)))


def _on_collection(method: str) -> Callable[[Call, Arguments], Any]:
    return lambda call, given: getattr(call.collection, method)(**_keywords(given))


def _on_database(method: str, read: Callable[[Any], Any] = lambda result: result) -> Callable[[Call, Arguments], Any]:
    return lambda call, given: read(getattr(call.database, method)(**_keywords(given)))


def _insert_many(call: Call, given: Arguments) -> Any:
    ids = call.documents.insert_many(**_keywords(given)).inserted_ids
    return {"insertedCount": len(ids), "insertedIds": {str(place): id for place, id in enumerate(ids)}}


def _update(call: Call, given: Arguments) -> Any:
    result = call.documents.update_one({"_id": given["id"]}, given["update"])
    return {"found": result.matched_count == 1, "modified": result.modified_count == 1}


def _aggregate(call: Call, given: Arguments) -> Any:
    return (call.database if call.of_database else call.documents).aggregate(given["pipeline"]).to_list()


def _explain(call: Call, given: Arguments) -> Any:
    explained = call.documents.find(**_keywords(given)).explain()
    stages, index_name = [], None
    stage = explained["queryPlanner"]["winningPlan"]
    while stage is not None:
        stages.append(stage["stage"])
        index_name = index_name or stage.get("indexName")
        stage = stage.get("inputStage") or next(iter(stage.get("inputStages", [])), None)
    return {"stages": stages, "indexName": index_name, **explained["executionStats"]}


def _create_index(call: Call, given: Arguments) -> Any:
    return call.collection.create_index(given["keys"], **given.get("options", {}))


def _transaction(call: Call, given: Arguments) -> None:
    try:
        call.database.with_transaction(call.inside, **_keywords(given))
    except RolledBack:
        pass


def _reopen(call: Call, given: Arguments) -> None:
    call.database.close()
    call.run.open()


def _open(call: Call, given: Arguments) -> None:
    call.run.options = given
    call.run.open()


def _use_file(call: Call, given: Arguments) -> None:
    call.database.close()
    call.run.path = call.run.file(given["name"])


def _watch(call: Call, given: Arguments) -> None:
    keywords = _keywords(given)
    filter = keywords.pop("filter", None)
    call.keep((call.database if call.of_database else call.collection).watch(filter, **keywords))


def _events(call: Call, given: Arguments) -> Any:
    events = []
    while (event := call.opened.try_next()) is not None:
        events.append(event)
    return events


def _write_file(call: Call, given: Arguments) -> None:
    offset = given.get("offset")
    if offset is None or not os.path.exists(call.run.path):
        with open(call.run.path, "wb") as file:
            file.write(given["bytes"])
        return
    with open(call.run.path, "r+b") as file:
        file.seek(offset)
        file.write(given["bytes"])


def _damage_file(call: Call, given: Arguments) -> None:
    with open(call.run.path, "r+b") as file:
        file.seek(given["from"])
        rest = file.read()
        file.seek(given["from"])
        file.write(bytes(byte ^ 0xFF for byte in rest))


OPERATIONS: dict[str, Callable[[Call, Arguments], Any]] = {
    "insertOne": _on_documents("insert_one", lambda result: result.inserted_id),
    "insertMany": _insert_many,
    "get": _on_documents("get"),
    "has": _on_documents("has"),
    "put": _on_documents("put"),
    "replace": _on_documents("replace"),
    "update": _update,
    "delete": _on_documents("delete"),
    "clear": _on_documents("clear"),
    "find": _on_documents("find", lambda cursor: cursor.to_list()),
    "findOne": _on_documents("find_one"),
    "countDocuments": _on_documents("count_documents"),
    "estimatedDocumentCount": _on_documents("estimated_document_count"),
    "distinct": _on_documents("distinct"),
    "aggregate": _aggregate,
    "updateOne": _on_documents("update_one", fields),
    "updateMany": _on_documents("update_many", fields),
    "replaceOne": _on_documents("replace_one", fields),
    "deleteOne": _on_documents("delete_one", fields),
    "deleteMany": _on_documents("delete_many", fields),
    "findOneAndUpdate": _on_documents("find_one_and_update"),
    "findOneAndReplace": _on_documents("find_one_and_replace"),
    "findOneAndDelete": _on_documents("find_one_and_delete"),
    "bulkWrite": lambda call, given: fields(
        call.documents.bulk_write(given["operations"], ordered=given.get("ordered", True))
    ),
    "openCursor": lambda call, given: call.keep(call.documents.find(**_keywords(given))),
    "next": lambda call, given: next(call.opened, None),
    "rest": lambda call, given: call.opened.to_list(),
    "closeCursor": lambda call, given: call.opened.close(),
    "explain": _explain,
    "explainAggregate": lambda call, given: call.documents.aggregate(given["pipeline"]).explain(),
    "createIndex": _create_index,
    "createIndexes": _on_collection("create_indexes"),
    "dropIndex": _on_collection("drop_index"),
    "dropIndexes": _on_collection("drop_indexes"),
    "listIndexes": _on_collection("list_indexes"),
    "drop": _on_collection("drop"),
    "rename": _on_collection("rename"),
    "createCollection": lambda call, given: call.database.create_collection(**given) and None,
    "dropCollection": _on_database("drop_collection"),
    "renameCollection": lambda call, given: call.database.rename_collection(given["from"], given["to"]),
    "listCollections": _on_database("list_collections", lambda infos: [fields(info) for info in infos]),
    "expireDocuments": _on_database("expire_documents"),
    "stats": _on_database("stats", fields),
    "check": _on_database("check", fields),
    "sync": _on_database("sync"),
    "checkpoint": _on_database("checkpoint"),
    "compact": _on_database("compact", fields),
    "backup": lambda call, given: fields(call.database.backup(call.run.file(given["to"]))),
    "salvage": lambda call, given: fields(quiredb.salvage(call.run.path, call.run.file(given["to"]))),
    "useFile": _use_file,
    "close": _on_database("close"),
    "reopen": _reopen,
    "open": _open,
    "transaction": _transaction,
    "begin": lambda call, given: call.keep(call.database.transaction(**_keywords(given))),
    "commit": lambda call, given: call.opened.commit(),
    "rollback": lambda call, given: call.opened.rollback(),
    "watch": _watch,
    "events": _events,
    "token": lambda call, given: call.opened.resume_token,
    "closeStream": lambda call, given: call.opened.close(),
    "writeFile": _write_file,
    "damageFile": _damage_file,
}
