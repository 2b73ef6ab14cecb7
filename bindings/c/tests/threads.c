// Several threads with the same handles, and with handles that others close.
//
// Threads count what goes wrong; the checks are of the main thread. Also run under ThreadSanitizer where there is one.

#include <pthread.h>

#include "test.h"

#define THREADS 4
#define ROUNDS 300

typedef struct task {
    uint64_t database, collection, transaction;
    unsigned number, wrong, busy;
} task;

// Runs `body` in THREADS threads; gives how often something was wrong.
static unsigned run_threads(void *(*body)(void *), uint64_t database, uint64_t collection, uint64_t transaction,
                            unsigned *busy) {
    pthread_t threads[THREADS];
    task tasks[THREADS];
    unsigned wrong = 0;
    for (unsigned number = 0; number < THREADS; number++) {
        tasks[number] = (task){database, collection, transaction, number, 0, 0};
        CHECK(pthread_create(&threads[number], NULL, body, &tasks[number]) == 0);
    }
    for (unsigned number = 0; number < THREADS; number++) {
        CHECK(pthread_join(threads[number], NULL) == 0);
        wrong += tasks[number].wrong;
        if (busy != NULL) *busy += tasks[number].busy;
    }
    return wrong;
}

// The document {"_id": number}, of which the last three bytes are the id.
static void number_document(uint8_t document[8], unsigned number) {
    const uint8_t made[8] = {0x81, 0xa3, '_', 'i', 'd', 0xcd, (uint8_t)(number >> 8), (uint8_t)number};
    memcpy(document, made, sizeof made);
}

static void *insert_and_read(void *argument) {
    task *own = argument;
    quire_buffer document = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t made[8];
        bool found = false;
        number_document(made, own->number * ROUNDS + round);
        own->wrong += quire_insert(own->collection, made, sizeof made, 0, NULL) != QUIRE_OK;
        own->wrong += quire_get(own->collection, made + 5, 3, &document, &found) != QUIRE_OK || !found;
        // Another's document is whole where it is there at all.
        number_document(made, ((own->number + 1) % THREADS) * ROUNDS + round);
        own->wrong += quire_get(own->collection, made + 5, 3, &document, &found) != QUIRE_OK;
        own->wrong += found && document.length < 6;
    }
    quire_buffer_free(&document);
    return NULL;
}

static void threads_write_and_read_one_collection(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    CHECK(run_threads(insert_and_read, database, users, 0, NULL) == 0);
    CHECK(count_of(users) == THREADS * ROUNDS);
    OK(quire_close(database));
}

static void *write_in_transaction(void *argument) {
    task *own = argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t made[8];
        number_document(made, own->number * ROUNDS + round);
        int32_t status = quire_insert(own->collection, made, sizeof made, 0, NULL);
        while (status == QUIRE_BUSY) {
            own->busy++;
            status = quire_insert(own->collection, made, sizeof made, 0, NULL);
        }
        own->wrong += status != QUIRE_OK;
    }
    return NULL;
}

static void transaction_does_one_call_at_a_time(void) {
    uint64_t database = open_memory(), transaction = 0, inside = 0;
    OK(quire_begin(database, NULL, 0, &transaction));
    OK(quire_transaction_collection(transaction, "users", 5, &inside));
    unsigned busy = 0;
    CHECK(run_threads(write_in_transaction, database, inside, transaction, &busy) == 0);
    CHECK(count_of(inside) == THREADS * ROUNDS);
    OK(quire_commit(transaction));
    CHECK(count_of(collection_of(database, "users")) == THREADS * ROUNDS);
    OK(quire_close(database));
}

static void *open_and_close(void *argument) {
    task *own = argument;
    static const uint8_t request[] = "\x81\xa2op\xa4" "find";
    quire_buffer batch = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t collection = 0, cursor = 0, count = 0;
        own->wrong += quire_collection(own->database, "users", 5, &collection) != QUIRE_OK;
        own->wrong += quire_find(collection, request, sizeof request - 1, &cursor) != QUIRE_OK;
        own->wrong += quire_cursor_next(cursor, 3, 0, &batch, &count) != QUIRE_OK || count != 3;
        own->wrong += quire_collection_close(collection) != QUIRE_OK;
        own->wrong += quire_cursor_next(cursor, 3, 0, &batch, &count) != QUIRE_OK || count != 3;
        own->wrong += quire_cursor_close(cursor) != QUIRE_OK;
        own->wrong += quire_cursor_next(cursor, 3, 0, &batch, &count) != QUIRE_CLOSED;
    }
    quire_buffer_free(&batch);
    return NULL;
}

static void handles_come_and_go_in_all_threads(void) {
    uint64_t database = open_memory();
    insert_numbers(collection_of(database, "users"), 100);
    CHECK(run_threads(open_and_close, database, 0, 0, NULL) == 0);
    OK(quire_close(database));
}

static void *read_until_closed(void *argument) {
    task *own = argument;
    quire_buffer document = {0};
    uint8_t id = 7;
    for (;;) {
        bool found = false;
        int32_t status = quire_get(own->collection, &id, 1, &document, &found);
        if (own->number == 0 && status == QUIRE_OK && ++own->busy == ROUNDS) {
            own->wrong += quire_close(own->database) != QUIRE_OK;
        }
        if (status != QUIRE_OK) {
            own->wrong += status != QUIRE_CLOSED;
            break;
        }
        own->wrong += !found;
    }
    quire_buffer_free(&document);
    return NULL;
}

static void close_ends_the_calls_of_other_threads(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    insert_numbers(users, 100);
    CHECK(run_threads(read_until_closed, database, users, 0, NULL) == 0);
    FAILS(QUIRE_CLOSED, quire_stats(database, &(quire_buffer){0}));
}

static void *fail_often(void *argument) {
    task *own = argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const char *message = NULL;
        char wanted[32];
        snprintf(wanted, sizeof wanted, "durability is %u;", own->number + 10);
        int32_t status = quire_clear(own->collection, (int32_t)own->number + 10, NULL);
        own->wrong += quire_last_error(&message, NULL, NULL) != status || strstr(message, wanted) == NULL;
    }
    return NULL;
}

static void last_error_is_of_its_own_thread(void) {
    uint64_t database = open_memory();
    CHECK(run_threads(fail_often, database, collection_of(database, "users"), 0, NULL) == 0);
    OK(quire_close(database));
}

int main(void) {
    TEST(threads_write_and_read_one_collection);
    TEST(transaction_does_one_call_at_a_time);
    TEST(handles_come_and_go_in_all_threads);
    TEST(close_ends_the_calls_of_other_threads);
    TEST(last_error_is_of_its_own_thread);
    return end_tests();
}
