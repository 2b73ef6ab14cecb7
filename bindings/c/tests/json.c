// The calls in JSON.

#include "test.h"

static void documents_go_in_and_come_out(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer reply = {0};
    bool found = false;
    const char *ada = "{\"_id\":\"ada\",\"at\":{\"$date\":\"2024-02-29T12:00:00.25Z\"},\"age\":36,\"half\":0.5}";
    OK(quire_insert_json(users, ada, strlen(ada), 0, &reply));
    CHECK(strcmp((char *)reply.data, "\"ada\"") == 0);
    OK(quire_insert_json(users, "{}", 2, 0, NULL));
    OK(quire_get_json(users, "\"ada\"", 5, &reply, &found));
    CHECK(found && strcmp((char *)reply.data, ada) == 0 && reply.length == strlen(ada));
    OK(quire_get_json(users, "1", 1, &reply, &found));
    CHECK(!found && reply.length == 0 && reply.data[0] == 0);
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

static void query_gives_an_array(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer reply = {0};
    insert_numbers(users, 2500);
    const char *request = "{\"op\":\"find\",\"filter\":{\"group\":9},\"sort\":{\"_id\":-1},\"limit\":2}";
    OK(quire_find_json(users, request, strlen(request), &reply));
    CHECK(strcmp((char *)reply.data, "[{\"_id\":2499,\"group\":9},{\"_id\":2489,\"group\":9}]") == 0);
    OK(quire_find_json(users, "{\"op\":\"find\"}", 13, &reply));
    unsigned commas = 0;
    for (size_t at = 0; at < reply.length; at++) commas += reply.data[at] == '}';
    CHECK(commas == 2500);
    OK(quire_command_json(users, "{\"op\":\"count\"}", 14, 0, &reply));
    CHECK(strcmp((char *)reply.data, "{\"count\":2500}") == 0);
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

static void values_that_json_lacks_keep_their_type(void) {
    quire_buffer packed = {0};
    static const char *const values[] = {
        "{\"$numberLong\":\"9007199254740993\"}",
        "{\"$numberLong\":\"18446744073709551615\"}",
        "{\"$numberDouble\":\"NaN\"}",
        "{\"$binary\":{\"base64\":\"AP8=\",\"subType\":\"00\"}}",
        "{\"$date\":{\"$numberLong\":\"-1\"}}",
        "[5.0,5,\"\\u0001\\n\"]",
    };
    for (unsigned place = 0; place < sizeof values / sizeof *values; place++) {
        OK(quire_json_to_msgpack(values[place], strlen(values[place]), &packed));
        CHECK(strcmp(unpack(packed.data, packed.length), values[place]) == 0 || place == 5);
    }
    CHECK(strstr(unpack(packed.data, packed.length), "[5.0,5,") != NULL);
    quire_buffer_free(&packed);
}

static void json_that_is_wrong_is_refused_with_its_place(void) {
    quire_buffer packed = {0};
    const char *message = NULL;
    const char *wrong = "{\"a\":\n  nul}";
    FAILS(QUIRE_INVALID_DOCUMENT, quire_json_to_msgpack(wrong, strlen(wrong), &packed));
    quire_last_error(&message, NULL, NULL);
    CHECK(strstr(message, "line 2") != NULL);
    FAILS(QUIRE_INVALID_DOCUMENT, quire_json_to_msgpack("{\"a\":1,\"a\":2}", 13, &packed));
    FAILS(QUIRE_INVALID_DOCUMENT, quire_msgpack_to_json((const uint8_t *)"\xdf\xff\xff\xff\xff", 5, &packed));
    FAILS(QUIRE_INVALID_DOCUMENT, quire_json_to_msgpack("\"\xff\"", 3, &packed));
    quire_buffer_free(&packed);
}

int main(void) {
    TEST(documents_go_in_and_come_out);
    TEST(query_gives_an_array);
    TEST(values_that_json_lacks_keep_their_type);
    TEST(json_that_is_wrong_is_refused_with_its_place);
    return end_tests();
}
