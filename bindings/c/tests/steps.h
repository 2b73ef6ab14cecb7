// The operations of conformance cases as calls of the library: one function for a step, its result a value.
//
// A case is a database, and what its steps opened by name. An operation gives a status; where it is QUIRE_OK, and for
// bulk writes that failed in part, `result` is set. Promises: README.md of test/conformance, "Operations".
// Leaves to others: which steps there are and what they should give (conformance.c), comparing (matching.h).

#ifndef QUIRE_STEPS_H
#define QUIRE_STEPS_H

#include "matching.h"

#define OPENED_MAX 32
#define FILES_MAX 4
#define NO_SUCH_OPERATION (-1)

// A case while it runs.
typedef struct run {
    const char *path;
    value options;
    uint64_t database;
    // The transaction that a step is inside; 0 for none.
    uint64_t transaction;
    struct {
        const char *name;
        uint64_t handle;
        // Whether a stream ended with its collection.
        bool is_over;
    } opened[OPENED_MAX];
    size_t opened_count;
    // The files that the case names.
    struct {
        char name[32], path[512];
    } files[FILES_MAX];
    size_t files_count;
} run;

// One step, with what it works on.
typedef struct call {
    run *run;
    const value *step, *arguments;
    const char *op;
    value result;
} call;

static inline bytes packed_value(const value *given) {
    static packed_bytes pool[4];
    static unsigned next = 0;
    packed_bytes *packed = &pool[next++ % 4];
    packed->length = 0;
    write_value(packed, given);
    bytes made = {packed->data, packed->length};
    return made;
}

// An argument as MessagePack; no bytes where it is not given.
static inline bytes packed_argument(const call *call, const char *name) {
    bytes nothing = {NULL, 0};
    const value *found = field(call->arguments, name);
    return found == NULL ? nothing : packed_value(found);
}

static inline value unpacked_buffer_value(const quire_buffer *buffer) {
    value made = {0};
    if (buffer->length > 0) read_value(buffer->data, &made);
    return made;
}

// What `of` names; NULL where the step names nothing.
static inline size_t opened_place(const call *call) {
    const char *name = text_of(call->step, "of");
    for (size_t place = 0; name != NULL && place < call->run->opened_count; place++) {
        if (strcmp(call->run->opened[place].name, name) == 0) return place;
    }
    return OPENED_MAX;
}

static inline uint64_t opened_handle(const call *call) {
    size_t place = opened_place(call);
    return place == OPENED_MAX ? 0 : call->run->opened[place].handle;
}

static inline void keep(call *call, uint64_t handle) {
    const char *name = text_of(call->step, "as");
    run *run = call->run;
    if (name == NULL || run->opened_count == OPENED_MAX) return;
    run->opened[run->opened_count].name = name;
    run->opened[run->opened_count].handle = handle;
    run->opened[run->opened_count++].is_over = false;
}

static inline const char *collection_name(const call *call) {
    const char *name = text_of(call->step, "collection");
    return name == NULL ? "things" : name;
}

// The collection of the step: of its transaction, where it has one, else of the database; or the database itself.
static inline int32_t find_target(const call *call, uint64_t *target) {
    const value *named = field(call->step, "collection");
    const char *name = collection_name(call);
    uint64_t transaction = call->run->transaction != 0 ? call->run->transaction : opened_handle(call);
    *target = call->run->database;
    if (named != NULL && named->kind == V_NULL) return QUIRE_OK;
    if (transaction != 0) return quire_transaction_collection(transaction, name, strlen(name), target);
    return quire_collection(call->run->database, name, strlen(name), target);
}

// The map {op, ...arguments}.
static inline value request_of(const call *call, const char *op) {
    value request = list_value(V_MAP, call->arguments->count + 4);
    append(&request, "op", text_value(op));
    for (size_t place = 0; place < call->arguments->count; place++) {
        append(&request, call->arguments->keys[place].bytes, call->arguments->items[place]);
    }
    return request;
}

static inline int32_t run_request(call *call, const value *request) {
    uint64_t target = 0;
    quire_buffer reply = {0};
    int32_t status = find_target(call, &target);
    bytes packed = packed_value(request);
    if (status == QUIRE_OK) status = quire_command(target, packed.data, packed.length, 0, &reply);
    if (status == QUIRE_OK) call->result = unpacked_buffer_value(&reply);
    quire_buffer_free(&reply);
    return status;
}

// A command of the engine; its reply, or the field of it that is wanted.
static inline int32_t run_command(call *call, const char *op, const char *wanted) {
    value request = request_of(call, op);
    int32_t status = run_request(call, &request);
    if (status == QUIRE_OK && wanted != NULL) {
        const value *found = field(&call->result, wanted);
        call->result = found == NULL ? null_value() : *found;
    }
    return status;
}

// Appends documents that stand back to back.
static inline void append_documents(value *list, const quire_buffer *batch, uint64_t count) {
    const uint8_t *at = batch->data;
    value longer = list_value(V_ARRAY, list->count + count);
    for (size_t place = 0; place < list->count; place++) append(&longer, "", list->items[place]);
    for (uint64_t place = 0; place < count; place++) {
        value document;
        at = read_value(at, &document);
        append(&longer, "", document);
    }
    *list = longer;
}

static inline int32_t open_cursor(call *call, const char *op, uint64_t *cursor) {
    uint64_t target = 0;
    value request = request_of(call, op);
    int32_t status = find_target(call, &target);
    bytes packed = packed_value(&request);
    return status == QUIRE_OK ? quire_find(target, packed.data, packed.length, cursor) : status;
}

// Reads a cursor to its end.
static inline int32_t read_rest(call *call, uint64_t cursor) {
    quire_buffer batch = {0};
    uint64_t count = 1;
    int32_t status = QUIRE_OK;
    call->result = list_value(V_ARRAY, 0);
    while (status == QUIRE_OK && count > 0) {
        status = quire_cursor_next(cursor, 0, 0, &batch, &count);
        if (status == QUIRE_OK) append_documents(&call->result, &batch, count);
    }
    quire_buffer_free(&batch);
    return status;
}

static inline int32_t find_all(call *call, const char *op) {
    uint64_t cursor = 0;
    int32_t status = open_cursor(call, op, &cursor);
    return status == QUIRE_OK ? read_rest(call, cursor) : status;
}

static inline int32_t do_find_one(call *call) {
    value limited = list_value(V_MAP, call->arguments->count + 1), *arguments = &limited;
    for (size_t place = 0; place < call->arguments->count; place++) {
        append(arguments, call->arguments->keys[place].bytes, call->arguments->items[place]);
    }
    append(arguments, "limit", int_value(1));
    call->arguments = arguments;
    int32_t status = find_all(call, "find");
    if (status == QUIRE_OK) call->result = call->result.count == 0 ? null_value() : call->result.items[0];
    return status;
}

// A durability's number for a call; one that is none where the text is none.
static inline int32_t durability_of(const call *call) {
    static const char *const names[] = {"process", "disk", "lazy"};
    const char *given = text_of(call->arguments, "durability");
    if (field(call->arguments, "durability") == NULL) return 0;
    for (int32_t place = 0; given != NULL && place < 3; place++) {
        if (strcmp(given, names[place]) == 0) return place + 1;
    }
    return 99;
}

// A call that has a document, and an id that may be missing.
static inline int32_t do_document_call(call *call) {
    uint64_t target = 0;
    quire_buffer reply = {0};
    bool found = false, modified = false;
    bytes id = packed_argument(call, "id"), document = packed_argument(call, "document");
    bytes update = packed_argument(call, "update");
    int32_t status = find_target(call, &target), durability = durability_of(call);
    if (status != QUIRE_OK) return status;
    if (strcmp(call->op, "insertOne") == 0) {
        status = quire_insert(target, document.data, document.length, durability, &reply);
        if (status == QUIRE_OK) call->result = unpacked_buffer_value(&reply);
    } else if (strcmp(call->op, "get") == 0) {
        status = quire_get(target, id.data, id.length, &reply, &found);
        if (status == QUIRE_OK) call->result = found ? unpacked_buffer_value(&reply) : null_value();
    } else if (strcmp(call->op, "update") == 0) {
        status = quire_update(target, id.data, id.length, update.data, update.length, durability, &found, &modified);
        call->result = list_value(V_MAP, 2);
        append(&call->result, "found", bool_value(found));
        append(&call->result, "modified", bool_value(modified));
    } else {
        if (strcmp(call->op, "has") == 0) status = quire_has(target, id.data, id.length, &found);
        if (strcmp(call->op, "put") == 0) {
            status = quire_put(target, document.data, document.length, durability, &found);
        }
        if (strcmp(call->op, "delete") == 0) status = quire_delete(target, id.data, id.length, durability, &found);
        if (strcmp(call->op, "replace") == 0) {
            status = quire_replace(target, id.data, id.length, document.data, document.length, durability, &found);
        }
        call->result = bool_value(found);
    }
    quire_buffer_free(&reply);
    return status;
}

static inline int32_t do_count_call(call *call) {
    uint64_t target = 0, count = 0;
    int32_t status = find_target(call, &target);
    if (status != QUIRE_OK) return status;
    bool is_clear = strcmp(call->op, "clear") == 0;
    status = is_clear ? quire_clear(target, 0, &count) : quire_count(target, NULL, 0, &count);
    call->result = int_value((int64_t)count);
    return status;
}

// The status of a code.
static inline int32_t status_of(const char *code) {
    for (int32_t status = 1; quire_status_code(status) != NULL; status++) {
        if (strcmp(quire_status_code(status), code) == 0) return status;
    }
    return QUIRE_INTERNAL;
}

// The reply of many writes without their errors; or, where there are some, the status of the first one.
static inline int32_t told_errors(call *call) {
    value reply = call->result, *errors = field(&reply, "writeErrors");
    call->result = list_value(V_MAP, reply.count);
    for (size_t place = 0; place < reply.count; place++) {
        if (&reply.items[place] != errors) append(&call->result, reply.keys[place].bytes, reply.items[place]);
    }
    if (errors == NULL || errors->count == 0) return QUIRE_OK;
    value told = list_value(V_ARRAY, errors->count);
    for (size_t place = 0; place < errors->count; place++) {
        value error = list_value(V_MAP, 2);
        append(&error, "index", *field(&errors->items[place], "index"));
        append(&error, "code", *field(&errors->items[place], "code"));
        append(&told, "", error);
    }
    append(&call->result, "writeErrors", told);
    return status_of(text_of(&errors->items[0], "code"));
}

// `insertMany`: one call where it is whole or nothing, else the command that goes on.
static inline int32_t do_insert_many(call *call) {
    const value *ordered = field(call->arguments, "ordered"), *documents = field(call->arguments, "documents");
    if (ordered != NULL && !(ordered->kind == V_BOOL && ordered->integer)) {
        int32_t status = run_command(call, "insertMany", NULL);
        if (status != QUIRE_OK) return status;
        status = told_errors(call);
        if (status != QUIRE_OK) return status;
        value whole = call->result;
        call->result = list_value(V_MAP, 2);
        append(&call->result, "insertedCount", *field(&whole, "insertedCount"));
        append(&call->result, "insertedIds", *field(&whole, "insertedIds"));
        return QUIRE_OK;
    }
    uint64_t target = 0, count = 0;
    quire_buffer ids = {0};
    packed_bytes packed = {0};
    int32_t status = find_target(call, &target);
    for (size_t place = 0; place < documents->count; place++) write_value(&packed, &documents->items[place]);
    if (status == QUIRE_OK) {
        status = quire_insert_many(target, packed.data, packed.length, durability_of(call), &ids, &count);
    }
    if (status == QUIRE_OK) {
        value list = list_value(V_ARRAY, 0), made = list_value(V_MAP, count);
        append_documents(&list, &ids, count);
        for (uint64_t place = 0; place < count; place++) {
            char name[24];
            snprintf(name, sizeof name, "%llu", (unsigned long long)place);
            append(&made, name, list.items[place]);
        }
        call->result = list_value(V_MAP, 2);
        append(&call->result, "insertedCount", int_value((int64_t)count));
        append(&call->result, "insertedIds", made);
    }
    free(packed.data);
    quire_buffer_free(&ids);
    return status;
}

// The stages of a plan, the last one first, the index that it reads, and what that took.
static inline int32_t do_explain(call *call) {
    int32_t status = run_command(call, "explain", NULL);
    if (status != QUIRE_OK) return status;
    const value *stage = field(field(&call->result, "queryPlanner"), "winningPlan"), *index = NULL;
    const value *figures = field(&call->result, "executionStats");
    value stages = list_value(V_ARRAY, 64), told = list_value(V_MAP, figures->count + 2);
    while (stage != NULL && stages.count < 64) {
        append(&stages, "", *field(stage, "stage"));
        if (index == NULL) index = field(stage, "indexName");
        const value *inputs = field(stage, "inputStages");
        stage = inputs != NULL && inputs->count > 0 ? &inputs->items[0] : field(stage, "inputStage");
    }
    append(&told, "stages", stages);
    append(&told, "indexName", index == NULL ? null_value() : *index);
    for (size_t place = 0; place < figures->count; place++) {
        append(&told, figures->keys[place].bytes, figures->items[place]);
    }
    call->result = told;
    return QUIRE_OK;
}

// The next document of a cursor, or null once it is over.
static inline int32_t do_next(call *call) {
    quire_buffer batch = {0};
    uint64_t count = 0;
    int32_t status = quire_cursor_next(opened_handle(call), 1, 0, &batch, &count);
    call->result = status == QUIRE_OK && count > 0 ? unpacked_buffer_value(&batch) : null_value();
    quire_buffer_free(&batch);
    return status == QUIRE_CLOSED ? QUIRE_OK : status;
}

#endif
