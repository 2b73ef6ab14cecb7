// Commands and cursors.

#include "test.h"

static void command_changes_and_replies(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer reply = {0};
    insert_numbers(users, 100);
    bytes request = pack("{\"op\":\"updateMany\",\"filter\":{\"group\":3},\"update\":{\"$set\":{\"group\":11}}}");
    OK(quire_command(users, request.data, request.length, 0, &reply));
    CHECK(strstr(unpack(reply.data, reply.length), "\"matchedCount\":10,\"modifiedCount\":10") != NULL);
    bytes filter = pack("{\"group\":{\"$gte\":11}}");
    uint64_t count = 0;
    OK(quire_count(users, filter.data, filter.length, &count));
    CHECK(count == 10);
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

static void command_that_is_not_known_is_refused(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer reply = {0};
    bytes unknown = pack("{\"op\":\"vanish\"}"), field = pack("{\"op\":\"count\",\"colour\":1}");
    FAILS(QUIRE_INVALID_ARGUMENT, quire_command(users, unknown.data, unknown.length, 0, &reply));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_command(users, field.data, field.length, 0, &reply));
    bytes filter = pack("{\"op\":\"count\",\"filter\":{\"a\":{\"$what\":1}}}");
    FAILS(QUIRE_INVALID_FILTER, quire_command(users, filter.data, filter.length, 0, &reply));
    CHECK(reply.length == 0);
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

static void cursor_reads_in_batches_what_was_there_when_it_was_opened(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), cursor = 0, count = 0, total = 0;
    quire_buffer batch = {0};
    insert_numbers(users, 1000);
    bytes request = pack("{\"op\":\"find\",\"filter\":{\"group\":{\"$lt\":5}},\"sort\":{\"_id\":1}}");
    OK(quire_find(users, request.data, request.length, &cursor));
    OK(quire_clear(users, 0, NULL));
    do {
        OK(quire_cursor_next(cursor, 64, 0, &batch, &count));
        CHECK(count <= 64);
        total += count;
    } while (count > 0);
    CHECK(total == 500 && batch.length == 0);
    FAILS(QUIRE_CLOSED, quire_cursor_next(cursor, 64, 0, &batch, &count));
    OK(quire_cursor_close(cursor));
    OK(quire_close(database));
    quire_buffer_free(&batch);
}

static void batch_ends_behind_its_bytes(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), cursor = 0, count = 0;
    quire_buffer batch = {0};
    insert_numbers(users, 1000);
    bytes request = pack("{\"op\":\"find\"}");
    OK(quire_find(users, request.data, request.length, &cursor));
    OK(quire_cursor_next(cursor, 0, 100, &batch, &count));
    CHECK(count > 1 && count < 100);
    OK(quire_cursor_close(cursor));
    FAILS(QUIRE_CLOSED, quire_cursor_next(cursor, 0, 100, &batch, &count));
    OK(quire_close(database));
    quire_buffer_free(&batch);
}

static void pipeline_is_asked_of_a_collection_or_a_database(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), cursor = 0, count = 0;
    quire_buffer batch = {0};
    insert_numbers(users, 100);
    bytes grouped = pack("{\"op\":\"aggregate\",\"pipeline\":[{\"$group\":{\"_id\":null,\"n\":{\"$sum\":\"$group\"}}}]}");
    OK(quire_find(users, grouped.data, grouped.length, &cursor));
    OK(quire_cursor_next(cursor, 0, 0, &batch, &count));
    CHECK(count == 1 && holds(&batch, "{\"_id\":null,\"n\":450}"));
    OK(quire_cursor_close(cursor));
    bytes own = pack("{\"op\":\"aggregate\",\"pipeline\":[{\"$documents\":[{\"a\":1}]}]}");
    OK(quire_find(database, own.data, own.length, &cursor));
    OK(quire_cursor_next(cursor, 0, 0, &batch, &count));
    CHECK(count == 1 && holds(&batch, "{\"a\":1}"));
    OK(quire_cursor_next(cursor, 0, 0, &batch, &count));
    CHECK(count == 0);
    OK(quire_close(database));
    quire_buffer_free(&batch);
}

static void index_is_made_used_and_kept_unique(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    quire_buffer reply = {0};
    bytes made = pack("{\"op\":\"createIndexes\",\"indexes\":[{\"key\":{\"email\":1},\"unique\":true}]}");
    OK(quire_command(users, made.data, made.length, 0, &reply));
    CHECK(strstr(unpack(reply.data, reply.length), "email_1") != NULL);
    insert_one(users, "{\"email\":\"a@b\"}");
    bytes again = pack("{\"email\":\"a@b\"}");
    FAILS(QUIRE_DUPLICATE_KEY, quire_insert(users, again.data, again.length, 0, NULL));
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

int main(void) {
    TEST(command_changes_and_replies);
    TEST(command_that_is_not_known_is_refused);
    TEST(cursor_reads_in_batches_what_was_there_when_it_was_opened);
    TEST(batch_ends_behind_its_bytes);
    TEST(pipeline_is_asked_of_a_collection_or_a_database);
    TEST(index_is_made_used_and_kept_unique);
    return end_tests();
}
