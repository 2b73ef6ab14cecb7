// Opening and closing databases, and the collections in them.

#include "test.h"

static void file_holds_what_was_written_when_it_is_opened_again(void) {
    const char *path = fresh_path("lifecycle");
    uint64_t database = 0;
    bool found = false;
    quire_buffer document = {0};
    OK(quire_open(path, strlen(path), NULL, 0, &database));
    insert_one(collection_of(database, "users"), "{\"_id\":\"ada\",\"age\":36}");
    OK(quire_close(database));
    bytes options = pack("{\"readOnly\":true}");
    OK(quire_open(path, strlen(path), options.data, options.length, &database));
    bytes id = pack("\"ada\"");
    OK(quire_get(collection_of(database, "users"), id.data, id.length, &document, &found));
    CHECK(found && holds(&document, "{\"_id\":\"ada\",\"age\":36}"));
    bytes other = pack("{}");
    FAILS(QUIRE_READ_ONLY, quire_insert(collection_of(database, "users"), other.data, other.length, 0, NULL));
    OK(quire_close(database));
    quire_buffer_free(&document);
}

static void two_handles_of_one_file_share_it(void) {
    const char *path = fresh_path("shared");
    uint64_t first = 0, second = 0;
    OK(quire_open(path, strlen(path), NULL, 0, &first));
    OK(quire_open(path, strlen(path), NULL, 0, &second));
    CHECK(first != second);
    insert_one(collection_of(first, "users"), "{}");
    CHECK(count_of(collection_of(second, "users")) == 1);
    OK(quire_close(first));
    CHECK(count_of(collection_of(second, "users")) == 1);
    OK(quire_close(second));
}

static void options_are_refused_by_name(void) {
    uint64_t database = 77;
    bytes options = pack("{\"cacheBytes\":1}");
    const char *message = NULL;
    FAILS(QUIRE_INVALID_ARGUMENT, quire_open(":memory:", 8, options.data, options.length, &database));
    CHECK(database == 77);
    CHECK(quire_last_error(&message, NULL, NULL) == QUIRE_INVALID_ARGUMENT);
    CHECK(strstr(message, "cacheBytes") != NULL);
    options = pack("{\"create\":false}");
    const char *path = fresh_path("absent");
    FAILS(QUIRE_CANNOT_OPEN, quire_open(path, strlen(path), options.data, options.length, &database));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_open(NULL, 0, NULL, 0, &database));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_open("\xff", 1, NULL, 0, &database));
}

static void closing_closes_what_was_opened(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), cursor = 0, transaction = 0, count = 0;
    quire_buffer batch = {0};
    bytes request = pack("{\"op\":\"find\"}");
    insert_one(users, "{}");
    OK(quire_find(users, request.data, request.length, &cursor));
    OK(quire_begin(database, NULL, 0, &transaction));
    OK(quire_close(database));
    FAILS(QUIRE_CLOSED, quire_count(users, NULL, 0, &count));
    FAILS(QUIRE_CLOSED, quire_cursor_next(cursor, 0, 0, &batch, &count));
    FAILS(QUIRE_TRANSACTION_ENDED, quire_commit(transaction));
    OK(quire_close(database));
    OK(quire_collection_close(users));
    OK(quire_cursor_close(cursor));
}

static void collections_are_made_renamed_and_dropped(void) {
    uint64_t database = open_memory();
    quire_buffer reply = {0};
    bool existed = false;
    bytes options = pack("{\"ids\":\"integer\"}");
    OK(quire_create_collection(database, "a", 1, options.data, options.length));
    FAILS(QUIRE_COLLECTION_EXISTS, quire_create_collection(database, "a", 1, NULL, 0));
    FAILS(QUIRE_INVALID_NAME, quire_create_collection(database, NULL, 0, NULL, 0));
    OK(quire_rename_collection(database, "a", 1, "b", 1));
    FAILS(QUIRE_COLLECTION_NOT_FOUND, quire_rename_collection(database, "a", 1, "c", 1));
    bytes document = pack("{}");
    OK(quire_insert(collection_of(database, "b"), document.data, document.length, 0, &reply));
    CHECK(holds(&reply, "1"));
    OK(quire_collections(database, &reply));
    CHECK(strstr(unpack(reply.data, reply.length), "\"name\":\"b\",\"ids\":\"integer\",\"documentsCount\":1") != NULL);
    OK(quire_drop_collection(database, "b", 1, &existed));
    CHECK(existed);
    OK(quire_drop_collection(database, "b", 1, &existed));
    CHECK(!existed);
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

static void versions_and_codes_are_told(void) {
    CHECK(quire_abi_version() == 1);
    CHECK(strcmp(quire_status_code(QUIRE_DUPLICATE_ID), "DUPLICATE_ID") == 0);
    CHECK(strcmp(quire_status_code(QUIRE_OK), "OK") == 0);
    CHECK(quire_status_code(4711) == NULL && quire_status_code(-5) == NULL);
    CHECK(strchr(quire_version(), '.') != NULL);
}

int main(void) {
    TEST(file_holds_what_was_written_when_it_is_opened_again);
    TEST(two_handles_of_one_file_share_it);
    TEST(options_are_refused_by_name);
    TEST(closing_closes_what_was_opened);
    TEST(collections_are_made_renamed_and_dropped);
    TEST(versions_and_codes_are_told);
    return end_tests();
}
