// Mistakes of the caller: each gets a status, and the library is as it was.

#include "test.h"

static void null_with_a_length_is_refused(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), number = 0;
    quire_buffer buffer = {0};
    bool flag = false;
    FAILS(QUIRE_INVALID_ARGUMENT, quire_open(NULL, 3, NULL, 0, &number));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_open(":memory:", 8, NULL, 3, &number));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_collection(database, NULL, 3, &number));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_insert(users, NULL, 3, 0, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_insert_many(users, NULL, 3, 0, NULL, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_get(users, NULL, 3, &buffer, &flag));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_command(users, NULL, 3, 0, &buffer));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_find(users, NULL, 3, &number));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_json_to_msgpack(NULL, 3, &buffer));
    OK(quire_close(database));
}

static void missing_places_for_results_are_refused(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    bytes id = pack("1"), request = pack("{\"op\":\"find\"}"), watch = pack("{\"op\":\"watch\"}");
    FAILS(QUIRE_INVALID_ARGUMENT, quire_open(":memory:", 8, NULL, 0, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_collection(database, "a", 1, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_get(users, id.data, id.length, NULL, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_has(users, id.data, id.length, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_count(users, NULL, 0, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_command(users, request.data, request.length, 0, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_find(users, request.data, request.length, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_begin(database, NULL, 0, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_watch(database, watch.data, watch.length, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_stats(database, NULL));
    OK(quire_close(database));
}

static void handles_that_never_were_are_refused_by_every_call(void) {
    uint64_t database = open_memory(), number = 0;
    quire_buffer buffer = {0};
    bool flag = false;
    // Nothing, pointers by value, numbers near a handle, another generation.
    uint64_t wrong[] = {0, 1, (uint64_t)(uintptr_t)&number, UINT64_MAX, database + 1, database + (1u << 20)};
    bytes document = pack("{}"), id = pack("1");
    for (unsigned place = 0; place < sizeof wrong / sizeof *wrong; place++) {
        uint64_t handle = wrong[place];
        FAILS(QUIRE_INVALID_ARGUMENT, quire_close(handle));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_collection(handle, "a", 1, &number));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_collection_close(handle));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_insert(handle, document.data, document.length, 0, NULL));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_get(handle, id.data, id.length, &buffer, &flag));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_has(handle, id.data, id.length, &flag));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_command(handle, document.data, document.length, 0, &buffer));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_cursor_next(handle, 0, 0, &buffer, &number));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_cursor_close(handle));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_commit(handle));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_rollback(handle));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_watch_next(handle, 0, 0, 0, &buffer, &number));
        FAILS(QUIRE_INVALID_ARGUMENT, quire_watch_close(handle));
    }
    OK(quire_close(database));
}

static void handle_of_another_kind_is_refused(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), number = 0;
    FAILS(QUIRE_INVALID_ARGUMENT, quire_close(users));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_collection(users, "a", 1, &number));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_count(database, NULL, 0, &number));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_cursor_close(users));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_commit(database));
    CHECK(count_of(users) == 0);
    OK(quire_close(database));
}

static void handles_that_are_stale_are_closed(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), number = 0;
    OK(quire_collection_close(users));
    // The place of the handle is used again, by another collection; the old number does not find it.
    uint64_t others = collection_of(database, "others");
    CHECK(others != users);
    FAILS(QUIRE_CLOSED, quire_count(users, NULL, 0, &number));
    OK(quire_collection_close(users));
    CHECK(count_of(others) == 0);
    OK(quire_close(database));
    FAILS(QUIRE_CLOSED, quire_collection(database, "a", 1, &number));
}

static void lengths_that_no_memory_has_are_refused(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), number = 0;
    uint8_t byte = 0x80;
    FAILS(QUIRE_INVALID_ARGUMENT, quire_insert(users, &byte, SIZE_MAX, 0, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_insert(users, &byte, SIZE_MAX / 2 + 2, 0, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_collection(database, "a", SIZE_MAX, &number));
    OK(quire_close(database));
}

static void garbage_is_refused_and_changes_nothing(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer reply = {0};
    uint8_t garbage[64];
    uint32_t state = 2463534242u;
    for (unsigned round = 0; round < 5000; round++) {
        for (unsigned at = 0; at < sizeof garbage; at++) {
            state ^= state << 13, state ^= state >> 17, state ^= state << 5;
            garbage[at] = (uint8_t)state;
        }
        // A map of one short pair would be a document.
        garbage[0] = (uint8_t)(0x82 + round % 14);
        size_t length = 1 + state % sizeof garbage;
        CHECK(quire_insert(users, garbage, length, 0, NULL) != QUIRE_OK);
        CHECK(quire_command(users, garbage, length, 0, &reply) != QUIRE_OK);
        CHECK(quire_has(users, garbage, length, &(bool){false}) != QUIRE_OK);
    }
    // A bomb of declared sizes, and one of depth.
    const uint8_t wide[] = {0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 'a'};
    FAILS(QUIRE_INVALID_DOCUMENT, quire_insert(users, wide, sizeof wide, 0, NULL));
    uint8_t deep[100000];
    memset(deep, 0x91, sizeof deep);
    memcpy(deep, "\x81\xa1" "a", 3);
    FAILS(QUIRE_INVALID_DOCUMENT, quire_insert(users, deep, sizeof deep, 0, NULL));
    CHECK(count_of(users) == 0);
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

static void durability_is_one_of_four(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    bytes document = pack("{}");
    FAILS(QUIRE_INVALID_ARGUMENT, quire_insert(users, document.data, document.length, 4, NULL));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_insert(users, document.data, document.length, -1, NULL));
    OK(quire_insert(users, document.data, document.length, 3, NULL));
    OK(quire_close(database));
}

static void buffer_that_was_not_filled_here_is_refused(void) {
    uint64_t database = open_memory();
    quire_buffer odd = {NULL, 5, 9};
    FAILS(QUIRE_INVALID_ARGUMENT, quire_stats(database, &odd));
    OK(quire_close(database));
}

int main(void) {
    TEST(null_with_a_length_is_refused);
    TEST(missing_places_for_results_are_refused);
    TEST(handles_that_never_were_are_refused_by_every_call);
    TEST(handle_of_another_kind_is_refused);
    TEST(handles_that_are_stale_are_closed);
    TEST(lengths_that_no_memory_has_are_refused);
    TEST(garbage_is_refused_and_changes_nothing);
    TEST(durability_is_one_of_four);
    TEST(buffer_that_was_not_filled_here_is_refused);
    return end_tests();
}
