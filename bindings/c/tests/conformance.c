// Runs the cases that every language runs: test/conformance/cases, whose folder QUIRE_CASES_FOLDER names.
//
// Each case is a test of its own name. Extended JSON is read by the library itself. Promises: a step whose result or
// error is another one than its case says fails the case, with what was wanted and found. Leaves to others: operations on documents (steps.h).

#include <dirent.h>

#include "steps.h"

// The path of the case's file of this name, which is not there when it is first asked for.
static const char *path_of_file(run *run, const char *name) {
    size_t place = 0;
    while (place < run->files_count && strcmp(run->files[place].name, name) != 0) place++;
    if (place == FILES_MAX) abort();
    if (place == run->files_count) {
        snprintf(run->files[place].name, sizeof run->files[place].name, "%s", name);
        snprintf(run->files[place].path, sizeof run->files[place].path, "%s", fresh_path(name));
        run->files_count++;
    }
    return run->files[place].path;
}

static int32_t open_run(run *run) {
    bytes options = packed_value(&run->options);
    return quire_open(run->path, strlen(run->path), options.data, options.length, &run->database);
}

static int32_t do_indexes(call *call) {
    if (strcmp(call->op, "createIndexes") == 0) return run_command(call, "createIndexes", "names");
    if (strcmp(call->op, "listIndexes") == 0) return run_command(call, "listIndexes", "indexes");
    if (strcmp(call->op, "createIndex") != 0) {
        int32_t status = run_command(call, "dropIndexes", NULL);
        call->result = null_value();
        return status;
    }
    const value *options = field(call->arguments, "options");
    size_t count = options == NULL ? 0 : options->count;
    value definition = list_value(V_MAP, count + 1), indexes = list_value(V_ARRAY, 1), request = list_value(V_MAP, 2);
    append(&definition, "key", *field(call->arguments, "keys"));
    for (size_t place = 0; place < count; place++) {
        append(&definition, options->keys[place].bytes, options->items[place]);
    }
    append(&indexes, "", definition);
    append(&request, "op", text_value("createIndexes"));
    append(&request, "indexes", indexes);
    int32_t status = run_request(call, &request);
    if (status == QUIRE_OK) call->result = field(&call->result, "names")->items[0];
    return status;
}

static int32_t do_collections(call *call) {
    const char *name = text_of(call->arguments, "name"), *from = text_of(call->arguments, "from");
    const char *to = text_of(call->arguments, "to"), *own = collection_name(call);
    uint64_t database = call->run->database;
    bool existed = false;
    int32_t status = QUIRE_OK;
    if (name == NULL) name = "";
    if (strcmp(call->op, "createCollection") == 0) {
        value options = list_value(V_MAP, 1);
        if (field(call->arguments, "ids") != NULL) append(&options, "ids", *field(call->arguments, "ids"));
        bytes packed = packed_value(&options);
        return quire_create_collection(database, name, strlen(name), packed.data, packed.length);
    }
    if (strcmp(call->op, "rename") == 0) from = own;
    if (to != NULL) return quire_rename_collection(database, from, strlen(from), to, strlen(to));
    if (strcmp(call->op, "drop") == 0) name = own;
    status = quire_drop_collection(database, name, strlen(name), &existed);
    call->result = bool_value(existed);
    return status;
}

// A reply that is the result of the call.
static int32_t told_report(call *call, int32_t status, quire_buffer *reply) {
    if (status == QUIRE_OK) call->result = unpacked_buffer_value(reply);
    quire_buffer_free(reply);
    return status;
}

static int32_t do_database(call *call) {
    run *run = call->run;
    quire_buffer reply = {0};
    uint64_t count = 0;
    int32_t status = QUIRE_OK;
    if (strcmp(call->op, "sync") == 0) return quire_sync(run->database);
    if (strcmp(call->op, "checkpoint") == 0) return quire_checkpoint(run->database);
    if (strcmp(call->op, "close") == 0) return quire_close(run->database);
    if (strcmp(call->op, "reopen") == 0) {
        status = quire_close(run->database);
        return status == QUIRE_OK ? open_run(run) : status;
    }
    if (strcmp(call->op, "open") == 0) {
        run->options = *call->arguments;
        return open_run(run);
    }
    if (strcmp(call->op, "expireDocuments") == 0) {
        status = quire_expire(run->database, &count);
        call->result = int_value((int64_t)count);
        return status;
    }
    if (strcmp(call->op, "listCollections") == 0) status = quire_collections(run->database, &reply);
    if (strcmp(call->op, "stats") == 0) status = quire_stats(run->database, &reply);
    if (strcmp(call->op, "check") == 0) status = quire_check(run->database, &reply);
    return told_report(call, status, &reply);
}

// What makes other files, or goes on with one.
static int32_t do_files(call *call) {
    run *run = call->run;
    quire_buffer reply = {0};
    if (strcmp(call->op, "useFile") == 0) {
        run->path = path_of_file(run, text_of(call->arguments, "name"));
        return quire_close(run->database);
    }
    if (strcmp(call->op, "compact") == 0) {
        return told_report(call, quire_compact(run->database, &reply), &reply);
    }
    const char *to = path_of_file(run, text_of(call->arguments, "to"));
    if (strcmp(call->op, "backup") == 0) {
        return told_report(call, quire_backup(run->database, to, strlen(to), &reply), &reply);
    }
    return told_report(call, quire_salvage(run->path, strlen(run->path), to, strlen(to), &reply), &reply);
}

static int32_t do_watch(call *call) {
    const value *named = field(call->step, "collection");
    value request = list_value(V_MAP, call->arguments->count + 2);
    uint64_t stream = 0;
    append(&request, "op", text_value("watch"));
    if (named == NULL || named->kind != V_NULL) append(&request, "collection", text_value(collection_name(call)));
    for (size_t place = 0; place < call->arguments->count; place++) {
        const char *name = call->arguments->keys[place].bytes;
        value given = call->arguments->items[place];
        // MongoDB's words for "the whole document": TypeScript's, which are a truth here.
        if (strcmp(name, "fullDocument") == 0 && given.kind == V_TEXT) given = bool_value(!is_text(&given, "default"));
        append(&request, name, given);
    }
    bytes packed = packed_value(&request);
    int32_t status = quire_watch(call->run->database, packed.data, packed.length, &stream);
    if (status == QUIRE_OK) keep(call, stream);
    return status;
}

static int32_t do_events(call *call) {
    quire_buffer events = {0};
    uint64_t count = 1;
    int32_t status = QUIRE_OK;
    call->result = list_value(V_ARRAY, 0);
    while (status == QUIRE_OK && count > 0) {
        status = quire_watch_next(opened_handle(call), 0, 0, 0, &events, &count);
        if (status == QUIRE_OK) append_documents(&call->result, &events, count);
    }
    quire_buffer_free(&events);
    // Behind the event that ends a stream it is closed.
    size_t place = opened_place(call);
    if (status == QUIRE_CLOSED && place < OPENED_MAX) {
        call->run->opened[place].is_over |= call->result.count > 0;
        if (call->run->opened[place].is_over) return QUIRE_OK;
    }
    return status;
}

static int32_t do_token(call *call) {
    quire_buffer token = {0};
    int32_t status = quire_watch_token(opened_handle(call), &token);
    if (status == QUIRE_OK) call->result = unpacked_buffer_value(&token);
    quire_buffer_free(&token);
    return status;
}

static int32_t begin_run(call *call, uint64_t *transaction) {
    bytes options = packed_value(call->arguments);
    return quire_begin(call->run->database, options.data, options.length, transaction);
}

static bool run_step(run *run, const value *step);

static int32_t do_transaction(call *call) {
    uint64_t transaction = 0;
    const value *steps = field(call->step, "steps");
    int32_t status = begin_run(call, &transaction);
    if (status != QUIRE_OK) return status;
    call->run->transaction = transaction;
    bool is_well = true;
    for (size_t place = 0; is_well && steps != NULL && place < steps->count; place++) {
        is_well = run_step(call->run, &steps->items[place]);
    }
    call->run->transaction = 0;
    if (!is_well) return NO_SUCH_OPERATION;
    return is_text(field(call->step, "end"), "rollback") ? quire_rollback(transaction) : quire_commit(transaction);
}

static int32_t do_file(call *call) {
    const value *given = field(call->arguments, "bytes"), *offset = field(call->arguments, "offset");
    const value *from = field(call->arguments, "from");
    FILE *file = fopen(call->run->path, given != NULL && offset == NULL ? "wb" : "r+b");
    if (file == NULL) return QUIRE_IO;
    if (given != NULL) {
        if (offset != NULL) fseek(file, (long)offset->integer, SEEK_SET);
        fwrite(given->bytes, 1, given->length, file);
    } else {
        for (long at = (long)from->integer;; at++) {
            fseek(file, at, SEEK_SET);
            int byte = fgetc(file);
            if (byte == EOF) break;
            fseek(file, at, SEEK_SET);
            fputc(~byte & 0xff, file);
        }
    }
    return fclose(file) == 0 ? QUIRE_OK : QUIRE_IO;
}

static int32_t do_cursor(call *call) {
    uint64_t cursor = 0;
    int32_t status = QUIRE_OK;
    if (strcmp(call->op, "closeCursor") == 0) return quire_cursor_close(opened_handle(call));
    if (strcmp(call->op, "rest") == 0) {
        status = read_rest(call, opened_handle(call));
        return status == QUIRE_CLOSED ? QUIRE_OK : status;
    }
    status = open_cursor(call, "find", &cursor);
    if (status == QUIRE_OK) keep(call, cursor);
    return status;
}

static int32_t do_begin(call *call) {
    uint64_t transaction = 0;
    int32_t status = begin_run(call, &transaction);
    if (status == QUIRE_OK) keep(call, transaction);
    return status;
}

static int32_t do_end(call *call) {
    if (strcmp(call->op, "closeStream") == 0) return quire_watch_close(opened_handle(call));
    return strcmp(call->op, "commit") == 0 ? quire_commit(opened_handle(call)) : quire_rollback(opened_handle(call));
}

static int32_t do_bulk(call *call) {
    int32_t status = run_command(call, "bulkWrite", NULL);
    return status == QUIRE_OK ? told_errors(call) : status;
}

// Operations that are one command: its name here and in the engine, and the field of its reply that is the result.
static const char *const COMMANDS[][3] = {
    {"countDocuments", "count", "count"},   {"distinct", "distinct", "values"},
    {"updateOne", "updateOne", NULL},       {"updateMany", "updateMany", NULL},
    {"replaceOne", "replaceOne", NULL},     {"deleteOne", "deleteOne", NULL},
    {"deleteMany", "deleteMany", NULL},     {"findOneAndUpdate", "findOneAndUpdate", "value"},
    {"explainAggregate", "explainAggregate", NULL},
    {"findOneAndReplace", "findOneAndReplace", "value"},
    {"findOneAndDelete", "findOneAndDelete", "value"},
};

// All other operations.
static const struct {
    const char *op;
    int32_t (*run)(call *call);
} OPERATIONS[] = {
    {"insertOne", do_document_call}, {"get", do_document_call},       {"has", do_document_call},
    {"put", do_document_call},       {"replace", do_document_call},   {"update", do_document_call},
    {"delete", do_document_call},    {"insertMany", do_insert_many},  {"bulkWrite", do_bulk},
    {"clear", do_count_call},        {"estimatedDocumentCount", do_count_call},
    {"findOne", do_find_one},        {"explain", do_explain},         {"openCursor", do_cursor},
    {"rest", do_cursor},             {"closeCursor", do_cursor},      {"next", do_next},
    {"createIndex", do_indexes},     {"createIndexes", do_indexes},   {"dropIndex", do_indexes},
    {"dropIndexes", do_indexes},     {"listIndexes", do_indexes},     {"drop", do_collections},
    {"rename", do_collections},      {"createCollection", do_collections},
    {"dropCollection", do_collections}, {"renameCollection", do_collections},
    {"listCollections", do_database}, {"expireDocuments", do_database}, {"stats", do_database},
    {"check", do_database},          {"sync", do_database},           {"checkpoint", do_database},
    {"compact", do_files},           {"backup", do_files},            {"salvage", do_files},
    {"useFile", do_files},
    {"close", do_database},          {"reopen", do_database},         {"open", do_database},
    {"transaction", do_transaction}, {"begin", do_begin},             {"commit", do_end},
    {"rollback", do_end},            {"watch", do_watch},             {"events", do_events},
    {"token", do_token},             {"closeStream", do_end},         {"writeFile", do_file},
    {"damageFile", do_file},
};

static int32_t run_operation(call *call) {
    if (strcmp(call->op, "find") == 0 || strcmp(call->op, "aggregate") == 0) return find_all(call, call->op);
    for (size_t place = 0; place < sizeof COMMANDS / sizeof *COMMANDS; place++) {
        if (strcmp(COMMANDS[place][0], call->op) == 0) return run_command(call, COMMANDS[place][1], COMMANDS[place][2]);
    }
    for (size_t place = 0; place < sizeof OPERATIONS / sizeof *OPERATIONS; place++) {
        if (strcmp(OPERATIONS[place].op, call->op) == 0) return OPERATIONS[place].run(call);
    }
    return NO_SUCH_OPERATION;
}

// Whether the status is what the step expects: QUIRE_OK, or one of the codes of `error`.
static bool is_expected(const value *error, int32_t status) {
    const char *code = quire_status_code(status);
    if (error == NULL || code == NULL) return status == QUIRE_OK;
    if (error->kind == V_TEXT) return is_text(error, code);
    for (size_t place = 0; place < error->count; place++) {
        if (is_text(&error->items[place], code)) return true;
    }
    return false;
}

// Runs a step; whether it gave what it should.
static bool run_step(run *run, const value *step) {
    const value *given = field(step, "arguments"), *wanted = field(step, "result");
    value arguments = given == NULL ? list_value(V_MAP, 0) : resolved(given);
    call call = {run, step, &arguments, text_of(step, "op"), null_value()};
    int32_t status = run_operation(&call);
    if (!is_expected(field(step, "error"), status)) {
        const char *message = "";
        quire_last_error(&message, NULL, NULL);
        printf("# %s gave the status %d: %s\n", call.op, status, status == QUIRE_OK ? "" : message);
        return false;
    }
    const char *name = text_of(step, "save");
    if (name != NULL && saved_count < SAVED_MAX) {
        saved[saved_count].name = name;
        saved[saved_count++].result = call.result;
    }
    if (wanted == NULL || matches(wanted, &call.result)) return true;
    printf("# %s gave another result\n", call.op);
    show("wanted", wanted);
    show("found ", &call.result);
    return false;
}

// Makes what a case begins with.
static bool begin_case(run *run, const value *given) {
    const value *ids = field(given, "ids"), *documents = field(given, "documents"), *indexes = field(given, "indexes");
    value step = list_value(V_MAP, 1), arguments = list_value(V_MAP, 2);
    call call = {run, &step, &arguments, "createCollection", null_value()};
    if (is_text(field(given, "storage"), "none")) return true;
    if (open_run(run) != QUIRE_OK) return false;
    if (ids != NULL) {
        append(&arguments, "name", text_value("things"));
        append(&arguments, "ids", *ids);
        if (do_collections(&call) != QUIRE_OK) return false;
    }
    arguments.count = 0;
    if (documents != NULL) {
        append(&arguments, "documents", *documents);
        if (do_insert_many(&call) != QUIRE_OK) return false;
    }
    arguments.count = 0;
    if (indexes == NULL) return true;
    append(&arguments, "indexes", *indexes);
    return run_command(&call, "createIndexes", NULL) == QUIRE_OK;
}

// The case that is running, for its test.
static const value *current = NULL;

// Where the database of a case is.
static const char *path_of(run *run, const value *storage) {
    if (storage == NULL) return ":memory:";
    static char path[1024];
    if (is_text(storage, "file") || is_text(storage, "none")) return path_of_file(run, "case");
    snprintf(path, sizeof path, "%.*s", (int)storage->length, storage->bytes);
    return path;
}

static void run_case(void) {
    static run state;
    const value *steps = field(current, "steps"), *options = field(current, "options");
    memset(&state, 0, sizeof state);
    state.path = path_of(&state, field(current, "storage"));
    state.options = options == NULL ? list_value(V_MAP, 0) : *options;
    saved_count = 0;
    bool is_well = begin_case(&state, current);
    for (size_t place = 0; is_well && place < steps->count; place++) is_well = run_step(&state, &steps->items[place]);
    if (state.database != 0) quire_close(state.database);
    CHECK(is_well);
}

static size_t files_unread = 0;

// Runs the cases of one file; how many there are.
static size_t run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 0;
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    char *json = malloc(length + 1);
    quire_buffer packed = {0};
    if (json == NULL || fread(json, 1, length, file) != length) abort();
    fclose(file);
    size_t count = 0;
    if (quire_json_to_msgpack(json, length, &packed) != QUIRE_OK) {
        files_unread++;
    } else {
        value root;
        read_value(packed.data, &root);
        const value *cases = field(&root, "cases");
        count = cases->count;
        for (size_t place = 0; place < count; place++) {
            current = &cases->items[place];
            run_test(text_of(current, "name"), run_case);
        }
    }
    quire_buffer_free(&packed);
    forget_values();
    free(json);
    return count;
}

static size_t cases_count = 0;

static void every_file_of_cases_was_read(void) {
    CHECK(cases_count >= 300 && files_unread == 0);
}

int main(void) {
    const char *folder = getenv("QUIRE_CASES_FOLDER");
    if (folder == NULL) folder = "../../../test/conformance/cases";
    DIR *files = opendir(folder);
    struct dirent *entry;
    while (files != NULL && (entry = readdir(files)) != NULL) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strstr(entry->d_name, ".json") != NULL) cases_count += run_file(path);
    }
    if (files != NULL) closedir(files);
    if (getenv("QUIRE_CASES_CHOSEN") == NULL) TEST(every_file_of_cases_was_read);
    return end_tests();
}
