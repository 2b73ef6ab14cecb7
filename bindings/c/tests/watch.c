// Change streams.

#include <pthread.h>

#include "test.h"

static uint64_t watch(uint64_t database, const char *request) {
    uint64_t stream = 0;
    bytes packed = pack(request);
    OK(quire_watch(database, packed.data, packed.length, &stream));
    return stream;
}

static void stream_tells_what_is_committed_in_order(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), count = 9;
    uint64_t stream = watch(database, "{\"op\":\"watch\",\"collection\":\"users\"}");
    quire_buffer events = {0};
    OK(quire_watch_next(stream, 0, 0, 0, &events, &count));
    CHECK(count == 0 && events.length == 0);
    insert_one(users, "{\"_id\":1}");
    insert_one(users, "{\"_id\":2}");
    insert_one(collection_of(database, "others"), "{\"_id\":3}");
    OK(quire_watch_next(stream, 1, 0, -1, &events, &count));
    CHECK(count == 1 && strstr(unpack(events.data, events.length), "\"fullDocument\":{\"_id\":1}") != NULL);
    OK(quire_watch_next(stream, 0, 0, 1000, &events, &count));
    CHECK(count == 1 && strstr(unpack(events.data, events.length), "\"fullDocument\":{\"_id\":2}") != NULL);
    OK(quire_watch_close(stream));
    FAILS(QUIRE_CLOSED, quire_watch_next(stream, 0, 0, 0, &events, &count));
    OK(quire_close(database));
    quire_buffer_free(&events);
}

static void stream_resumes_behind_its_token(void) {
    const char *path = fresh_path("watch");
    uint64_t database = 0, count = 0;
    OK(quire_open(path, strlen(path), NULL, 0, &database));
    uint64_t users = collection_of(database, "users");
    uint64_t stream = watch(database, "{\"op\":\"watch\"}");
    quire_buffer events = {0}, token = {0};
    insert_one(users, "{\"_id\":1}");
    OK(quire_watch_next(stream, 0, 0, -1, &events, &count));
    OK(quire_watch_token(stream, &token));
    insert_one(users, "{\"_id\":2}");
    char request[256];
    snprintf(request, sizeof request, "{\"op\":\"watch\",\"resumeAfter\":%s}", unpack(token.data, token.length));
    uint64_t second = watch(database, request);
    OK(quire_watch_next(second, 0, 0, -1, &events, &count));
    CHECK(count == 1 && strstr(unpack(events.data, events.length), "\"fullDocument\":{\"_id\":2}") != NULL);
    OK(quire_close(database));
    quire_buffer_free(&events);
    quire_buffer_free(&token);
}

static void stream_of_a_dropped_collection_ends(void) {
    uint64_t database = open_memory();
    uint64_t count = 0, total = 0;
    quire_buffer events = {0};
    insert_one(collection_of(database, "users"), "{\"_id\":1}");
    uint64_t stream = watch(database, "{\"op\":\"watch\",\"collection\":\"users\"}");
    OK(quire_drop_collection(database, "users", 5, NULL));
    int32_t status = QUIRE_OK;
    while ((status = quire_watch_next(stream, 1, 0, 10000, &events, &count)) == QUIRE_OK && count > 0) total += count;
    CHECK(status == QUIRE_CLOSED && total == 2);
    OK(quire_close(database));
    quire_buffer_free(&events);
}

static void *wait_for_event(void *argument) {
    uint64_t stream = *(uint64_t *)argument, count = 0;
    quire_buffer events = {0};
    int32_t status = quire_watch_next(stream, 0, 0, -1, &events, &count);
    quire_buffer_free(&events);
    return (void *)(intptr_t)status;
}

static void close_lets_a_thread_go_that_waits(void) {
    for (int way = 0; way < 2; way++) {
        uint64_t database = open_memory();
        uint64_t stream = watch(database, "{\"op\":\"watch\"}");
        pthread_t thread;
        void *status = NULL;
        CHECK(pthread_create(&thread, NULL, wait_for_event, &stream) == 0);
        // Whether it waits already or not yet: by its own close, or by that of the database.
        OK(way == 0 ? quire_watch_close(stream) : quire_close(database));
        CHECK(pthread_join(thread, &status) == 0);
        CHECK((intptr_t)status == QUIRE_CLOSED);
        OK(quire_close(database));
    }
}

static void commit_wakes_a_thread_that_waits(void) {
    uint64_t database = open_memory();
    uint64_t stream = watch(database, "{\"op\":\"watch\"}");
    pthread_t thread;
    void *status = NULL;
    CHECK(pthread_create(&thread, NULL, wait_for_event, &stream) == 0);
    insert_one(collection_of(database, "users"), "{}");
    CHECK(pthread_join(thread, &status) == 0);
    CHECK((intptr_t)status == QUIRE_OK);
    OK(quire_close(database));
}

static void request_is_refused_by_name(void) {
    uint64_t database = open_memory();
    uint64_t stream = 0, count = 0;
    quire_buffer events = {0};
    bytes other = pack("{\"op\":\"find\"}"), field = pack("{\"op\":\"watch\",\"colour\":1}");
    FAILS(QUIRE_INVALID_ARGUMENT, quire_watch(database, other.data, other.length, &stream));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_watch(database, field.data, field.length, &stream));
    stream = watch(database, "{\"op\":\"watch\"}");
    FAILS(QUIRE_INVALID_ARGUMENT, quire_watch_next(stream, 0, 0, -2, &events, &count));
    OK(quire_close(database));
}

int main(void) {
    TEST(stream_tells_what_is_committed_in_order);
    TEST(stream_resumes_behind_its_token);
    TEST(stream_of_a_dropped_collection_ends);
    TEST(close_lets_a_thread_go_that_waits);
    TEST(commit_wakes_a_thread_that_waits);
    TEST(request_is_refused_by_name);
    return end_tests();
}
