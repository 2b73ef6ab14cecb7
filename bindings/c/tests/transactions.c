// Transactions.

#include "test.h"

static uint64_t begin(uint64_t database, const char *options) {
    uint64_t transaction = 0;
    bytes packed = pack(options);
    OK(quire_begin(database, packed.data, packed.length, &transaction));
    return transaction;
}

static uint64_t part(uint64_t transaction, const char *name) {
    uint64_t collection = 0;
    OK(quire_transaction_collection(transaction, name, strlen(name), &collection));
    return collection;
}

static void commit_makes_all_of_it_seen_at_once(void) {
    uint64_t database = open_memory();
    uint64_t transaction = begin(database, "{\"collections\":[\"a\",\"b\"],\"durability\":\"disk\"}");
    insert_one(part(transaction, "a"), "{\"_id\":1}");
    insert_one(part(transaction, "b"), "{\"_id\":2}");
    uint64_t inside = part(transaction, "a");
    CHECK(count_of(inside) == 1 && count_of(collection_of(database, "a")) == 0);
    OK(quire_commit(transaction));
    CHECK(count_of(collection_of(database, "a")) == 1 && count_of(collection_of(database, "b")) == 1);
    uint64_t count = 0;
    FAILS(QUIRE_TRANSACTION_ENDED, quire_count(inside, NULL, 0, &count));
    FAILS(QUIRE_TRANSACTION_ENDED, quire_commit(transaction));
    FAILS(QUIRE_TRANSACTION_ENDED, quire_transaction_collection(transaction, "a", 1, &inside));
    OK(quire_close(database));
}

static void rollback_leaves_nothing(void) {
    uint64_t database = open_memory();
    uint64_t transaction = begin(database, "{}");
    uint64_t inside = part(transaction, "a");
    quire_buffer document = {0};
    bool found = false;
    insert_numbers(inside, 10);
    bytes id = pack("7");
    OK(quire_get(inside, id.data, id.length, &document, &found));
    CHECK(found && holds(&document, "{\"_id\":7,\"group\":7}"));
    OK(quire_delete(inside, id.data, id.length, 0, &found));
    OK(quire_get(inside, id.data, id.length, &document, &found));
    CHECK(!found);
    OK(quire_rollback(transaction));
    CHECK(count_of(collection_of(database, "a")) == 0);
    FAILS(QUIRE_TRANSACTION_ENDED, quire_rollback(transaction));
    OK(quire_close(database));
    quire_buffer_free(&document);
}

static void write_that_would_wait_for_its_own_thread_is_busy_at_once(void) {
    uint64_t database = open_memory();
    uint64_t transaction = begin(database, "{\"collections\":[\"a\"]}");
    bytes document = pack("{}");
    FAILS(QUIRE_BUSY, quire_insert(collection_of(database, "a"), document.data, document.length, 0, NULL));
    OK(quire_rollback(transaction));
    OK(quire_insert(collection_of(database, "a"), document.data, document.length, 0, NULL));
    OK(quire_close(database));
}

static void second_writer_of_what_was_read_gets_a_conflict(void) {
    uint64_t database = open_memory();
    insert_one(collection_of(database, "a"), "{\"_id\":1}");
    uint64_t transaction = begin(database, "{}");
    uint64_t inside = part(transaction, "a");
    CHECK(count_of(inside) == 1);
    insert_one(collection_of(database, "a"), "{\"_id\":2}");
    bytes document = pack("{\"_id\":3}");
    FAILS(QUIRE_CONFLICT, quire_insert(inside, document.data, document.length, 0, NULL));
    OK(quire_rollback(transaction));
    OK(quire_close(database));
}

static void commands_and_cursors_are_part_of_the_transaction(void) {
    uint64_t database = open_memory();
    uint64_t transaction = begin(database, "{}");
    uint64_t inside = part(transaction, "a"), cursor = 0, count = 0;
    quire_buffer reply = {0};
    insert_numbers(inside, 20);
    bytes request = pack("{\"op\":\"deleteMany\",\"filter\":{\"group\":1}}");
    OK(quire_command(inside, request.data, request.length, 0, &reply));
    CHECK(holds(&reply, "{\"deletedCount\":2}"));
    bytes find = pack("{\"op\":\"find\"}");
    OK(quire_find(inside, find.data, find.length, &cursor));
    OK(quire_cursor_next(cursor, 0, 0, &reply, &count));
    CHECK(count == 18);
    OK(quire_commit(transaction));
    CHECK(count_of(collection_of(database, "a")) == 18);
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

int main(void) {
    TEST(commit_makes_all_of_it_seen_at_once);
    TEST(rollback_leaves_nothing);
    TEST(write_that_would_wait_for_its_own_thread_is_busy_at_once);
    TEST(second_writer_of_what_was_read_gets_a_conflict);
    TEST(commands_and_cursors_are_part_of_the_transaction);
    return end_tests();
}
