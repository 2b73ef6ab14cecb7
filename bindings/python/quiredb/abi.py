# The C ABI: what of quire.h the package calls, and the loaded library.
#
# Promises: one library in a process; one whose ABI is another is refused when the package is imported. A test compares
# the declarations with bindings/c/include/quire.h, and holds that every call is used or named with a reason. Bytes are
# `char *` here, which cffi takes `bytes` for as they are. Leaves to others: where the library is (library.py), calling
# it (calls.py). cffi gives the interpreter's lock back for the time of each call.

from __future__ import annotations

from typing import Any

import cffi

from .errors import LibraryMissing
from .library import library_path

DECLARATIONS = """
typedef struct quire_buffer { char *data; size_t length; size_t capacity; } quire_buffer;

uint32_t quire_abi_version(void);
const char *quire_version(void);
const char *quire_status_code(int32_t status);
int32_t quire_last_error(const char **message, size_t *length, int64_t *page);
void quire_buffer_free(quire_buffer *buffer);

int32_t quire_open(const char *path, size_t path_length, const char *options, size_t options_length,
    uint64_t *database);
int32_t quire_close(uint64_t database);
int32_t quire_collection(uint64_t database, const char *name, size_t name_length, uint64_t *collection);
int32_t quire_collection_close(uint64_t collection);
int32_t quire_create_collection(uint64_t database, const char *name, size_t name_length, const char *options,
    size_t options_length);
int32_t quire_drop_collection(uint64_t database, const char *name, size_t name_length, bool *existed);
int32_t quire_rename_collection(uint64_t database, const char *from, size_t from_length, const char *to,
    size_t to_length);

int32_t quire_insert(uint64_t collection, const char *document, size_t document_length, int32_t durability,
    quire_buffer *id);
int32_t quire_insert_many(uint64_t collection, const char *documents, size_t documents_length, int32_t durability,
    quire_buffer *ids, uint64_t *count);
int32_t quire_get(uint64_t collection, const char *id, size_t id_length, quire_buffer *document, bool *found);
int32_t quire_has(uint64_t collection, const char *id, size_t id_length, bool *found);
int32_t quire_put(uint64_t collection, const char *document, size_t document_length, int32_t durability,
    bool *replaced);
int32_t quire_replace(uint64_t collection, const char *id, size_t id_length, const char *document,
    size_t document_length, int32_t durability, bool *found);
int32_t quire_update(uint64_t collection, const char *id, size_t id_length, const char *update, size_t update_length,
    int32_t durability, bool *found, bool *modified);
int32_t quire_delete(uint64_t collection, const char *id, size_t id_length, int32_t durability, bool *found);
int32_t quire_clear(uint64_t collection, int32_t durability, uint64_t *deleted);
int32_t quire_count(uint64_t collection, const char *filter, size_t filter_length, uint64_t *count);

int32_t quire_command(uint64_t target, const char *request, size_t request_length, int32_t durability,
    quire_buffer *reply);
int32_t quire_find(uint64_t target, const char *request, size_t request_length, uint64_t *cursor);
int32_t quire_cursor_next(uint64_t cursor, uint64_t documents_max, size_t bytes_max, quire_buffer *documents,
    uint64_t *count);
int32_t quire_cursor_close(uint64_t cursor);

int32_t quire_begin(uint64_t database, const char *options, size_t options_length, uint64_t *transaction);
int32_t quire_transaction_collection(uint64_t transaction, const char *name, size_t name_length,
    uint64_t *collection);
int32_t quire_commit(uint64_t transaction);
int32_t quire_rollback(uint64_t transaction);

int32_t quire_watch(uint64_t database, const char *request, size_t request_length, uint64_t *stream);
int32_t quire_watch_next(uint64_t stream, uint64_t events_max, size_t bytes_max, int64_t timeout_ms,
    quire_buffer *events, uint64_t *count);
int32_t quire_watch_token(uint64_t stream, quire_buffer *token);
int32_t quire_watch_close(uint64_t stream);

int32_t quire_collections(uint64_t database, quire_buffer *reply);
int32_t quire_stats(uint64_t database, quire_buffer *reply);
int32_t quire_sync(uint64_t database);
int32_t quire_checkpoint(uint64_t database);
int32_t quire_check(uint64_t database, quire_buffer *report);
int32_t quire_backup(uint64_t database, const char *path, size_t path_length, quire_buffer *report);
int32_t quire_compact(uint64_t database, quire_buffer *report);
int32_t quire_salvage(const char *from, size_t from_length, const char *to, size_t to_length, quire_buffer *report);
int32_t quire_expire(uint64_t database, uint64_t *deleted);
"""

# The ABI that the declarations are of.
ABI_VERSION = 1

ffi: Any = cffi.FFI()
ffi.cdef(DECLARATIONS)


def _load() -> tuple[str, Any]:
    path = library_path()
    try:
        library: Any = ffi.dlopen(path)
        version = library.quire_abi_version()
    except (OSError, AttributeError) as error:
        raise LibraryMissing(f"{path} cannot be loaded as QuireDB's library: {error}") from error
    if version != ABI_VERSION:
        raise LibraryMissing(
            f"{path} has version {version} of the C ABI, this package is for version {ABI_VERSION}; "
            "install quiredb anew, or build the library of the same checkout"
        )
    return path, library


# Where the library was found, and the library.
LIBRARY_PATH, lib = _load()


def library_version() -> str:
    """The release of the loaded library, such as ``0.1.0``."""
    return str(ffi.string(lib.quire_version()).decode())
