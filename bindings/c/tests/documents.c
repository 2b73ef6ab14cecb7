// The calls of single documents, and of many at once.

#include "test.h"

static void document_is_read_by_the_id_that_inserting_gave(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer id = {0}, document = {0};
    bool found = false;
    bytes given = pack("{\"name\":\"Ada\",\"langs\":[\"en\",{\"a\":1}]}");
    OK(quire_insert(users, given.data, given.length, 0, &id));
    OK(quire_get(users, id.data, id.length, &document, &found));
    CHECK(found && strstr(unpack(document.data, document.length), "\"name\":\"Ada\",\"langs\":[\"en\",{\"a\":1}]") != NULL);
    OK(quire_has(users, id.data, id.length, &found));
    CHECK(found);
    OK(quire_delete(users, id.data, id.length, 0, &found));
    CHECK(found);
    OK(quire_get(users, id.data, id.length, &document, &found));
    CHECK(!found && document.length == 0);
    OK(quire_get(users, id.data, id.length, &document, NULL));
    OK(quire_close(database));
    quire_buffer_free(&id);
    quire_buffer_free(&document);
}

static void documents_of_one_shape_come_out_plain(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer document = {0};
    insert_numbers(users, 2000);
    CHECK(count_of(users) == 2000);
    for (unsigned number = 0; number < 2000; number += 100) {
        uint8_t id[] = {0xcd, (uint8_t)(number >> 8), (uint8_t)number};
        char wanted[64];
        snprintf(wanted, sizeof wanted, "{\"_id\":%u,\"group\":%u}", number, number % 10);
        OK(quire_get(users, id, sizeof id, &document, NULL));
        CHECK(holds(&document, wanted));
    }
    OK(quire_close(database));
    quire_buffer_free(&document);
}

static void documents_change_by_id(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer document = {0};
    bool found = false, modified = false, replaced = true;
    bytes ada = pack("{\"_id\":1,\"age\":36}"), id = pack("1"), update = pack("{\"$inc\":{\"age\":1}}");
    OK(quire_put(users, ada.data, ada.length, 1, &replaced));
    CHECK(!replaced);
    OK(quire_put(users, ada.data, ada.length, 2, &replaced));
    CHECK(replaced);
    OK(quire_update(users, id.data, id.length, update.data, update.length, 3, &found, &modified));
    CHECK(found && modified);
    OK(quire_get(users, id.data, id.length, &document, NULL));
    CHECK(holds(&document, "{\"_id\":1,\"age\":37}"));
    bytes nothing = pack("{\"$set\":{\"age\":37}}");
    OK(quire_update(users, id.data, id.length, nothing.data, nothing.length, 0, &found, &modified));
    CHECK(found && !modified);
    bytes other = pack("{\"name\":\"Ada\"}"), missing = pack("2");
    OK(quire_replace(users, id.data, id.length, other.data, other.length, 0, &found));
    CHECK(found);
    OK(quire_replace(users, missing.data, missing.length, other.data, other.length, 0, &found));
    CHECK(!found);
    OK(quire_get(users, id.data, id.length, &document, NULL));
    CHECK(holds(&document, "{\"_id\":1,\"name\":\"Ada\"}"));
    OK(quire_close(database));
    quire_buffer_free(&document);
}

static void many_are_inserted_whole_or_not_at_all(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), count = 7;
    quire_buffer ids = {0};
    const uint8_t two[] = "\x81\xa3_id\x01\x81\xa3_id\x02";
    OK(quire_insert_many(users, two, sizeof two - 1, 0, &ids, &count));
    CHECK(count == 2 && ids.length == 2 && ids.data[0] == 1 && ids.data[1] == 2);
    const uint8_t again[] = "\x81\xa3_id\x03\x81\xa3_id\x02";
    count = 7;
    FAILS(QUIRE_DUPLICATE_ID, quire_insert_many(users, again, sizeof again - 1, 0, &ids, &count));
    CHECK(count == 7 && ids.length == 0 && count_of(users) == 2);
    OK(quire_clear(users, 0, &count));
    CHECK(count == 2 && count_of(users) == 0);
    OK(quire_close(database));
    quire_buffer_free(&ids);
}

static void ids_are_texts_integers_and_binary(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    bool found = false;
    static const char *const ids[] = {"\"ada\"", "-5", "100", "{\"$numberLong\":\"9007199254740993\"}",
                                      "{\"$binary\":{\"base64\":\"AP8=\",\"subType\":\"00\"}}"};
    for (unsigned place = 0; place < 5; place++) {
        char document[128];
        snprintf(document, sizeof document, "{\"_id\":%s}", ids[place]);
        insert_one(users, document);
        bytes id = pack(ids[place]);
        OK(quire_has(users, id.data, id.length, &found));
        CHECK(found);
    }
    // Five and 5.0 are one id, and a float of whole value is its integer.
    const uint8_t whole[] = {0xcb, 0xc0, 0x14, 0, 0, 0, 0, 0, 0};
    OK(quire_has(users, whole, sizeof whole, &found));
    CHECK(found);
    bytes wrong = pack("null");
    FAILS(QUIRE_INVALID_ID, quire_has(users, wrong.data, wrong.length, &found));
    FAILS(QUIRE_INVALID_ID, quire_has(users, NULL, 0, &found));
    OK(quire_close(database));
}

static void buffer_keeps_its_memory_from_call_to_call(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer document = {0};
    insert_numbers(users, 10);
    uint8_t id = 1;
    OK(quire_get(users, &id, 1, &document, NULL));
    uint8_t *memory = document.data;
    size_t capacity = document.capacity;
    for (id = 0; id < 10; id++) {
        OK(quire_get(users, &id, 1, &document, NULL));
        CHECK(document.data == memory && document.capacity == capacity);
    }
    FAILS(QUIRE_INVALID_ARGUMENT, quire_get(users, document.data, 1, &document, NULL));
    CHECK(document.length == 0 && document.data == memory);
    quire_buffer_free(&document);
    CHECK(document.data == NULL && document.capacity == 0);
    quire_buffer_free(&document);
    quire_buffer_free(NULL);
    OK(quire_close(database));
}

int main(void) {
    TEST(document_is_read_by_the_id_that_inserting_gave);
    TEST(documents_of_one_shape_come_out_plain);
    TEST(documents_change_by_id);
    TEST(many_are_inserted_whole_or_not_at_all);
    TEST(ids_are_texts_integers_and_binary);
    TEST(buffer_keeps_its_memory_from_call_to_call);
    return end_tests();
}
