// quire.h: the C ABI of QuireDB, an embedded document database. Made from native/capi by `npm run header`; do not edit.
// docs/ABI.md has every call, command, request and reply; bindings/c/README.md how to install and begin.
//
// Status    Every call that can fail returns a quire_status: QUIRE_OK (0) or the number of an error. Results go through
//           out-pointers, which a failing call leaves as they are, but for buffers, whose length is 0 then. An out-pointer
//           may be NULL where its call says so.
// Errors    quire_last_error has the text of the calling thread's last failure. Texts are for people and may change.
// Handles   Databases, collections, transactions, cursors and streams are uint64_t; 0 is none. One that was closed gives
//           QUIRE_CLOSED (of a transaction: QUIRE_TRANSACTION_ENDED), one of another kind or made up gives
//           QUIRE_INVALID_ARGUMENT. Closing what is closed already is QUIRE_OK.
// Lengths   Text (UTF-8) and bytes come as pointer and length; no NUL is needed. NULL with length 0 is the empty text or
//           map: no options, no filter. Nothing is kept of what a call was given: it is yours again when it returns.
// Data      Documents, ids, filters, updates, requests and replies are MessagePack; dates are its timestamp extension.
//           An id is one value: a string, an integer or binary. Numbers in maps may be integers or floats of whole value.
// Ownership A quire_buffer is yours, its memory the library's; see there. Strings that calls return are the library's.
// Durability of a commit: 0 as the database was opened, 1 process (survives the process), 2 disk (survives a power cut),
//           3 lazy (with the next sync).


#ifndef QUIRE_H
#define QUIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Threads   Every call may be made from any thread. One handle may be used by several threads at a time; a transaction,
//           cursor or stream does one call at a time and gives QUIRE_BUSY to the others. A buffer is one call's.
// fork      A child may use the library anew; handles of its parent give QUIRE_FORKED there. While a process forks, its
//           other threads are in no call but quire_watch_next; a child of one whose threads are calls exec only.
// Signals   No call is safe in a signal handler. The library prints nothing and installs no handlers.
// Versions  The numbers of statuses never change. Calls are added; one that changes raises quire_abi_version, and the
//           name of the shared library (libquire.so.1) with it.

// What a call returns as int32_t. Numbers never change; see docs/ABI.md for what programs can do about each.
typedef enum quire_status {
    // The call did what it says.
    QUIRE_OK = 0,
    // An argument has a value that the call does not take.
    QUIRE_INVALID_ARGUMENT = 1,
    // Bytes are not one well-formed MessagePack map.
    QUIRE_INVALID_DOCUMENT = 2,
    // An _id is not a string, a 64-bit integer or binary, or is longer than 1 KiB.
    QUIRE_INVALID_ID = 3,
    // The document is larger than documentBytesMax.
    QUIRE_DOCUMENT_TOO_LARGE = 4,
    // A document with this _id is already in the collection.
    QUIRE_DUPLICATE_ID = 5,
    // The collection named does not exist.
    QUIRE_COLLECTION_NOT_FOUND = 6,
    // A collection of this name exists already.
    QUIRE_COLLECTION_EXISTS = 7,
    // The filter is malformed or uses an unknown operator.
    QUIRE_INVALID_FILTER = 8,
    // The update is malformed or does not fit the document.
    QUIRE_INVALID_UPDATE = 9,
    // A collection name is empty, too long, or has a character that is not allowed.
    QUIRE_INVALID_NAME = 10,
    // The handle was closed before this call.
    QUIRE_CLOSED = 11,
    // A write was asked of a database opened read-only.
    QUIRE_READ_ONLY = 12,
    // Another process holds the database.
    QUIRE_LOCKED = 13,
    // The file is not a QuireDB database.
    QUIRE_NOT_A_DATABASE = 14,
    // The file was written by a newer release.
    QUIRE_UNSUPPORTED_FORMAT = 15,
    // Bytes read from disk are damaged.
    QUIRE_CORRUPTED = 16,
    // The disk has no room; nothing was changed.
    QUIRE_DISK_FULL = 17,
    // The operating system refused a read, write or sync.
    QUIRE_IO = 18,
    // An earlier failure left the disk's state unknown: close and open again.
    QUIRE_POISONED = 19,
    // An open transaction holds the collection, or another call uses the handle.
    QUIRE_BUSY = 20,
    // Another transaction changed what this one read: run it again.
    QUIRE_CONFLICT = 21,
    // A snapshot was held too long under heavy writes.
    QUIRE_SNAPSHOT_TOO_OLD = 22,
    // One commit would exceed the largest log frame.
    QUIRE_TRANSACTION_TOO_LARGE = 23,
    // The transaction was already committed or rolled back.
    QUIRE_TRANSACTION_ENDED = 24,
    // Memory could not be had.
    QUIRE_OUT_OF_MEMORY = 25,
    // A fixed limit is reached.
    QUIRE_LIMIT_EXCEEDED = 26,
    // The path is absent, a directory, or not permitted.
    QUIRE_CANNOT_OPEN = 27,
    // A bug in QuireDB; please report it.
    QUIRE_INTERNAL = 28,
    // An aggregation expression is malformed.
    QUIRE_INVALID_EXPRESSION = 29,
    // An aggregation pipeline is malformed.
    QUIRE_INVALID_PIPELINE = 30,
    // An index is defined by keys or options that it cannot have.
    QUIRE_INVALID_INDEX = 31,
    // The index named does not exist.
    QUIRE_INDEX_NOT_FOUND = 32,
    // An index of this name or on these keys has other options.
    QUIRE_INDEX_EXISTS = 33,
    // A unique index holds this key for another document.
    QUIRE_DUPLICATE_KEY = 34,
    // A projection is malformed.
    QUIRE_INVALID_PROJECTION = 35,
    // A sort order is malformed.
    QUIRE_INVALID_SORT = 36,
    // A change stream was read too slowly.
    QUIRE_OVERFLOW = 37,
    // The changes after the resume token are no longer kept.
    QUIRE_HISTORY_LOST = 38,
    // The handle was made before this process was forked off.
    QUIRE_FORKED = 39,
} quire_status;

// A result of variable length. Set all fields to 0 before its first use; calls write from its beginning, enlarge it as
// they need and use it again. Read `data` and `length`; change neither; one call at a time. Free it at the end.
typedef struct quire_buffer {
    // The bytes; NULL while there never was a result.
    uint8_t *data;
    // How many bytes the last result has; 0 when its call failed.
    size_t length;
    // How many there is room for.
    size_t capacity;
} quire_buffer;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The number of the ABI that this library has. A program compiled with this header needs 1.
uint32_t quire_abi_version(void);

// The release of this library, such as "0.1.0"; static.
const char *quire_version(void);

// The code of a status, such as "DUPLICATE_ID", and "OK" for 0; static. NULL for a number that is no status.
const char *quire_status_code(int32_t status);

// The status of this thread's last failing call, 0 when there was none; its message, NUL-terminated UTF-8 that stays
// until the thread's next failing call; and the damaged page of the file, -1 for none. Each pointer may be NULL.
int32_t quire_last_error(const char **message, size_t *length, int64_t *page);

// Gives a buffer's memory back; the buffer is zero then and can be used again. NULL and a zero buffer are allowed.
void quire_buffer_free(struct quire_buffer *buffer);

// Opens the database at `path`, or makes it; ":memory:" is one without a file. `options` is a map (docs/ABI.md):
// durability, syncInterval, cacheSize, readOnly, create, documentBytesMax, lockWait, log, checkpointLogSize, watchSize,
// ttlInterval. Further opens of one file in this process share it. Close the handle with quire_close.
int32_t quire_open(const char *path,
                   size_t path_length,
                   const uint8_t *options,
                   size_t options_length,
                   uint64_t *database);

// Closes a database and everything that was opened from it; open transactions are rolled back. The last handle on a
// file writes what its log holds. The handle is closed also where this fails. Calls under way get CLOSED or end.
int32_t quire_close(uint64_t database);

// A collection, by name; its first write makes it. Close the handle with quire_collection_close.
int32_t quire_collection(uint64_t database, const char *name, size_t name_length, uint64_t *collection);

// Gives the handle of a collection back, of a database or of a transaction. The collection stays.
int32_t quire_collection_close(uint64_t collection);

// Makes an empty collection; options: {ids: "ulid" | "integer"}, how documents without _id get one.
int32_t quire_create_collection(uint64_t database,
                                const char *name,
                                size_t name_length,
                                const uint8_t *options,
                                size_t options_length);

// Removes a collection with its documents and indexes. `existed` may be NULL.
int32_t quire_drop_collection(uint64_t database, const char *name, size_t name_length, bool *existed);

// Gives a collection another name, which no collection has.
int32_t quire_rename_collection(uint64_t database,
                                const char *from,
                                size_t from_length,
                                const char *to,
                                size_t to_length);

// Adds a document, given an _id where it has none. `id` may be NULL.
int32_t quire_insert(uint64_t collection,
                     const uint8_t *document,
                     size_t document_length,
                     int32_t durability,
                     struct quire_buffer *id);

// Adds documents that stand back to back, all or none. `ids` gets their ids back to back. `ids`, `count` may be NULL.
int32_t quire_insert_many(uint64_t collection,
                          const uint8_t *documents,
                          size_t documents_length,
                          int32_t durability,
                          struct quire_buffer *ids,
                          uint64_t *count);

// Reads one document by its id. Where there is none, `found` is false and the buffer's length 0. `found` may be NULL.
int32_t quire_get(uint64_t collection,
                  const uint8_t *id,
                  size_t id_length,
                  struct quire_buffer *document,
                  bool *found);

// Whether there is a document of this id.
int32_t quire_has(uint64_t collection, const uint8_t *id, size_t id_length, bool *found);

// Adds a document, or puts it in the place of the one with its _id. `replaced` may be NULL.
int32_t quire_put(uint64_t collection,
                  const uint8_t *document,
                  size_t document_length,
                  int32_t durability,
                  bool *replaced);

// Puts a document in the place of the one with this id, where there is one. `found` may be NULL.
int32_t quire_replace(uint64_t collection,
                      const uint8_t *id,
                      size_t id_length,
                      const uint8_t *document,
                      size_t document_length,
                      int32_t durability,
                      bool *found);

// Updates the document with this id: `update` as in {"$inc": {"age": 1}}. `found` and `modified` may be NULL.
int32_t quire_update(uint64_t collection,
                     const uint8_t *id,
                     size_t id_length,
                     const uint8_t *update,
                     size_t update_length,
                     int32_t durability,
                     bool *found,
                     bool *modified);

// Removes the document with this id, where there is one. `found` may be NULL.
int32_t quire_delete(uint64_t collection, const uint8_t *id, size_t id_length, int32_t durability, bool *found);

// Removes every document. `deleted` may be NULL.
int32_t quire_clear(uint64_t collection, int32_t durability, uint64_t *deleted);

// How many documents match a filter; all of them, at no cost, without one.
int32_t quire_count(uint64_t collection, const uint8_t *filter, size_t filter_length, uint64_t *count);

// Runs a command, a map whose `op` names it, on a collection or a database: all that has no call of its own, such as
// {op: "updateMany", filter, update}. docs/ABI.md has every command with its request and its reply.
int32_t quire_command(uint64_t target,
                      const uint8_t *request,
                      size_t request_length,
                      int32_t durability,
                      struct quire_buffer *reply);

// Opens a cursor on what a command finds: {op: "find", filter, projection, sort, skip, limit, hint} of a collection, or
// {op: "aggregate", pipeline} of a collection or a database. Close it with quire_cursor_close, or read it to its end.
int32_t quire_find(uint64_t target,
                   const uint8_t *request,
                   size_t request_length,
                   uint64_t *cursor);

// Reads the next documents, back to back: at most `documents_max` (0: no limit), and none more once there are about
// `bytes_max` bytes (0: 1 MiB). `count` 0 is the end, and closes the cursor; so does a failure, but for QUIRE_BUSY.
int32_t quire_cursor_next(uint64_t cursor,
                          uint64_t documents_max,
                          size_t bytes_max,
                          struct quire_buffer *documents,
                          uint64_t *count);

// Closes a cursor.
int32_t quire_cursor_close(uint64_t cursor);

// Begins a transaction, which sees the database as it is now. Options: {collections: [names to hold from the start],
// durability, anyThread}. A write of the same thread outside of it that would wait for it is BUSY at once, unless
// anyThread is true. End it with quire_commit or quire_rollback.
int32_t quire_begin(uint64_t database, const uint8_t *options, size_t options_length, uint64_t *transaction);

// A collection as the transaction sees it: what is written through it is the transaction's. The handle ends with the
// transaction.
int32_t quire_transaction_collection(uint64_t transaction,
                                     const char *name,
                                     size_t name_length,
                                     uint64_t *collection);

// Makes what the transaction wrote part of the database. After a failure nothing of it is, and the transaction is over
// as well, but for BUSY (another thread is inside).
int32_t quire_commit(uint64_t transaction);

// Forgets what the transaction wrote, and ends it.
int32_t quire_rollback(uint64_t transaction);

// Opens a stream of what is committed from now on: {op: "watch", collection, filter, resumeAfter, startAfter,
// fullDocument, matching, durable, outlives} (docs/CHANGES.md). Close it with quire_watch_close.
int32_t quire_watch(uint64_t database, const uint8_t *request, size_t request_length, uint64_t *stream);

// Reads the next events, one map each, back to back; waits at most `timeout_ms` for the first (-1: for ever, 0: not).
// `count` 0: none in time. Limits as in quire_cursor_next; the event that ends a stream comes with the one before it,
// and closes the stream.
int32_t quire_watch_next(uint64_t stream,
                         uint64_t events_max,
                         size_t bytes_max,
                         int64_t timeout_ms,
                         struct quire_buffer *events,
                         uint64_t *count);

// The resume token behind everything that was read, also what the filter left out, for a later resumeAfter: a string.
int32_t quire_watch_token(uint64_t stream, struct quire_buffer *token);

// Closes a change stream. A thread that waits in quire_watch_next gets CLOSED.
int32_t quire_watch_close(uint64_t stream);

// Every collection: an array of {name, ids, documentsCount, documentsBytes, pagesCount, indexBytes, ...}.
int32_t quire_collections(uint64_t database, struct quire_buffer *reply);

// Counts and sizes: {collections, pagesCount, cacheBytes, logBytes, commitsCount, ...}.
int32_t quire_stats(uint64_t database, struct quire_buffer *reply);

// Waits until everything committed so far is on disk.
int32_t quire_sync(uint64_t database);

// Writes everything to the data file and gives the log's space back.
int32_t quire_checkpoint(uint64_t database);

// Compares all that the database says of itself: {isClean, pagesCount, documentsCount, problemsCount, problems}.
// Damage is in the report and is no failure of the call. Commits wait meanwhile.
int32_t quire_check(uint64_t database, struct quire_buffer *report);

// Copies everything committed so far to a new database at `path`, while others read and write: {pagesCount,
// bytes, collectionsCount, documentsCount, sequence}. This thread does the work.
int32_t quire_backup(uint64_t database, const char *path, size_t path_length, struct quire_buffer *report);

// Takes the room out of the file that deletes and updates left, while others read and write: {bytesBefore, bytesAfter,
// moved, left}, the last two being names of collections. This thread does the work.
int32_t quire_compact(uint64_t database,
                      struct quire_buffer *report);

// Copies every document that can be read from a damaged database, which is not open, to a new one: {documentsCount,
// problemsCount, problems}.
int32_t quire_salvage(const char *from,
                      size_t from_length,
                      const char *to,
                      size_t to_length,
                      struct quire_buffer *report);

// Deletes the documents that have expired by an index with expireAfterSeconds, as the library does from time to time.
// `deleted` may be NULL.
int32_t quire_expire(uint64_t database, uint64_t *deleted);

// Converts one value of JSON, with Extended JSON for what JSON lacks: {"$date": "2026-01-31T12:00:00Z"}, {"$binary":
// {"base64": "AA==", "subType": "00"}}, {"$numberLong": "1"}, {"$numberDouble": "NaN"}.
int32_t quire_json_to_msgpack(const char *json, size_t json_length, struct quire_buffer *msgpack);

// Converts one value of MessagePack to Extended JSON, with a NUL behind its length.
int32_t quire_msgpack_to_json(const uint8_t *msgpack, size_t msgpack_length, struct quire_buffer *json);

// As quire_insert, in JSON. `id_json` may be NULL.
int32_t quire_insert_json(uint64_t collection,
                          const char *json,
                          size_t json_length,
                          int32_t durability,
                          struct quire_buffer *id_json);

// As quire_get, in JSON: `id_json` is a JSON value such as "ada" in quotes, or 5.
int32_t quire_get_json(uint64_t collection,
                       const char *id_json,
                       size_t id_length,
                       struct quire_buffer *json,
                       bool *found);

// As quire_find, in JSON, with all that is found as one array. For results that fit memory.
int32_t quire_find_json(uint64_t target, const char *request, size_t request_length, struct quire_buffer *json_array);

// As quire_command, in JSON.
int32_t quire_command_json(uint64_t target,
                           const char *request,
                           size_t request_length,
                           int32_t durability,
                           struct quire_buffer *json);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* QUIRE_H */
