// What the C tests share: checks that say where they failed, and JSON in the place of MessagePack.
//
// A test is a function without arguments, named for the rule that it proves; TEST runs it and prints one line, "ok" or
// "not ok" and its name, which scripts/test-c.mjs counts. A check that fails ends its test, not the program, so its
// process goes on with the next one. Leaves to others: starting the programs, plain and under ASan and valgrind.

#ifndef QUIRE_TEST_H
#define QUIRE_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quire.h"

static jmp_buf test_end;
static int tests_failed = 0;

// Ends the test that is running. For the thread of main alone.
static inline void fail_at(const char *file, int line, const char *what) {
    const char *message = "";
    quire_last_error(&message, NULL, NULL);
    printf("# %s:%d: %s (last error: %s)\n", file, line, what, message);
    longjmp(test_end, 1);
}

#define CHECK(condition) ((condition) ? (void)0 : fail_at(__FILE__, __LINE__, #condition))
#define OK(call) CHECK((call) == QUIRE_OK)
#define FAILS(status, call) CHECK((call) == (status))
#define TEST(test) run_test(#test, test)

static inline void run_test(const char *name, void (*test)(void)) {
    if (setjmp(test_end) == 0) {
        test();
        printf("ok - %s\n", name);
    } else {
        tests_failed++;
        printf("not ok - %s\n", name);
    }
    fflush(stdout);
}

// A piece of MessagePack, valid until the eighth next call of `pack`.
typedef struct bytes {
    const uint8_t *data;
    size_t length;
} bytes;

static quire_buffer packed_buffers[8];
static unsigned packed_next = 0;

// The MessagePack of `json`.
static inline bytes pack(const char *json) {
    quire_buffer *buffer = &packed_buffers[packed_next++ % 8];
    OK(quire_json_to_msgpack(json, strlen(json), buffer));
    bytes result = {buffer->data, buffer->length};
    return result;
}

static quire_buffer unpacked_buffer;

// The JSON of one value, valid until the next call.
static inline const char *unpack(const uint8_t *data, size_t length) {
    OK(quire_msgpack_to_json(data, length, &unpacked_buffer));
    return (const char *)unpacked_buffer.data;
}

// Whether a buffer holds the value that `json` is.
static inline bool holds(const quire_buffer *buffer, const char *json) {
    const char *found = unpack(buffer->data, buffer->length);
    if (strcmp(found, json) != 0) printf("# found %s, wanted %s\n", found, json);
    return strcmp(found, json) == 0;
}

// A database in memory.
static inline uint64_t open_memory(void) {
    uint64_t database = 0;
    OK(quire_open(":memory:", 8, NULL, 0, &database));
    return database;
}

static inline uint64_t collection_of(uint64_t database, const char *name) {
    uint64_t collection = 0;
    OK(quire_collection(database, name, strlen(name), &collection));
    return collection;
}

// Adds the document that `json` is.
static inline void insert_one(uint64_t collection, const char *json) {
    bytes document = pack(json);
    OK(quire_insert(collection, document.data, document.length, 0, NULL));
}

// Adds `count` documents {"_id": n, "group": n % 10}, in one call.
static inline void insert_numbers(uint64_t collection, unsigned count) {
    size_t length = 0;
    uint8_t *documents = malloc(count * 24);
    CHECK(documents != NULL);
    for (unsigned number = 0; number < count; number++) {
        uint8_t document[] = {0x82, 0xa3, '_', 'i', 'd', 0xcd, (uint8_t)(number >> 8), (uint8_t)number,
                              0xa5, 'g',  'r', 'o', 'u', 'p',  (uint8_t)(number % 10)};
        memcpy(documents + length, document, sizeof document);
        length += sizeof document;
    }
    int32_t status = quire_insert_many(collection, documents, length, 0, NULL, NULL);
    free(documents);
    CHECK(status == QUIRE_OK);
}

static inline uint64_t count_of(uint64_t collection) {
    uint64_t count = 0;
    OK(quire_count(collection, NULL, 0, &count));
    return count;
}

// A path for a file of this test program, which is removed if it is there; valid until the next call.
static inline const char *fresh_path(const char *name) {
    static char path[512];
    const char *folder = getenv("QUIRE_TEST_FOLDER");
    static const char *const endings[] = {"-lock", "-log0", "-log1", "-journal", ""};
    for (unsigned ending = 0; ending < sizeof endings / sizeof *endings; ending++) {
        snprintf(path, sizeof path, "%s/%s.quire%s", folder == NULL ? "." : folder, name, endings[ending]);
        remove(path);
    }
    return path;
}

// Frees what the helpers hold; gives the program's exit status.
static inline int end_tests(void) {
    for (unsigned buffer = 0; buffer < 8; buffer++) quire_buffer_free(&packed_buffers[buffer]);
    quire_buffer_free(&unpacked_buffer);
    return tests_failed == 0 ? 0 : 1;
}

#endif
