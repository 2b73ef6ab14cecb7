// Processes that fork: the child does not use what its parent has open, and may open databases of its own.

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nanodb_compat.h"
#include "test.h"

#define MANY 32
// Seconds after which a child that hangs is ended.
#define CHILD_SECONDS_MAX 300

// Runs `body` in a child; gives its exit status.
static int in_child(int (*body)(uint64_t, uint64_t), uint64_t database, uint64_t collection) {
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(CHILD_SECONDS_MAX);
        _exit(body(database, collection));
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int use_parents_handles(uint64_t database, uint64_t collection) {
    uint64_t number = 0;
    quire_buffer buffer = {0};
    uint8_t id = 1;
    if (quire_count(collection, NULL, 0, &number) != QUIRE_FORKED) return 1;
    if (quire_get(collection, &id, 1, &buffer, NULL) != QUIRE_FORKED) return 2;
    if (quire_collection(database, "a", 1, &number) != QUIRE_FORKED) return 3;
    if (quire_sync(database) != QUIRE_FORKED) return 4;
    // Closing would write to the parent's file.
    if (quire_close(database) != QUIRE_FORKED) return 5;
    return 0;
}

static void handles_of_the_parent_are_refused_in_the_child(void) {
    const char *path = fresh_path("forked");
    uint64_t database = 0;
    OK(quire_open(path, strlen(path), NULL, 0, &database));
    uint64_t users = collection_of(database, "users");
    insert_numbers(users, 10);
    CHECK(in_child(use_parents_handles, database, users) == 0);
    // The parent goes on as if nothing had been.
    insert_one(users, "{\"_id\":\"after\"}");
    CHECK(count_of(users) == 11);
    OK(quire_close(database));
    OK(quire_open(path, strlen(path), NULL, 0, &database));
    CHECK(count_of(collection_of(database, "users")) == 11);
    OK(quire_close(database));
}

static int open_own(uint64_t database, uint64_t collection) {
    uint64_t own = 0, users = 0, count = 0;
    const uint8_t document[] = "\x81\xa3_id\x01";
    if (quire_open(":memory:", 8, NULL, 0, &own) != QUIRE_OK || own == database) return 1;
    if (quire_collection(own, "users", 5, &users) != QUIRE_OK || users == collection) return 2;
    if (quire_insert(users, document, sizeof document - 1, 0, NULL) != QUIRE_OK) return 3;
    if (quire_count(users, NULL, 0, &count) != QUIRE_OK || count != 1) return 4;
    if (quire_count(collection, NULL, 0, &count) != QUIRE_FORKED) return 5;
    return quire_close(own);
}

static void child_opens_databases_of_its_own(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users");
    insert_numbers(users, 10);
    CHECK(in_child(open_own, database, users) == 0);
    CHECK(count_of(users) == 10);
    OK(quire_close(database));
}

static int open_parents_file(uint64_t database, uint64_t collection) {
    (void)database, (void)collection;
    const char *folder = getenv("QUIRE_TEST_FOLDER");
    char path[512];
    uint64_t own = 0;
    snprintf(path, sizeof path, "%s/locked.quire", folder == NULL ? "." : folder);
    return quire_open(path, strlen(path), NULL, 0, &own);
}

static void file_that_the_parent_holds_is_locked_for_the_child(void) {
    const char *path = fresh_path("locked");
    uint64_t database = 0;
    OK(quire_open(path, strlen(path), NULL, 0, &database));
    CHECK(in_child(open_parents_file, database, 0) == QUIRE_LOCKED);
    insert_one(collection_of(database, "users"), "{}");
    OK(quire_close(database));
    CHECK(in_child(open_parents_file, 0, 0) == QUIRE_OK);
}

static int fork_again(uint64_t database, uint64_t collection) {
    uint64_t own = 0, users = 0, count = 0;
    if (quire_open(":memory:", 8, NULL, 0, &own) != QUIRE_OK) return 1;
    if (quire_collection(own, "users", 5, &users) != QUIRE_OK) return 2;
    pid_t child = fork();
    if (child == 0) {
        if (quire_count(users, NULL, 0, &count) != QUIRE_FORKED) _exit(3);
        if (quire_count(collection, NULL, 0, &count) != QUIRE_FORKED) _exit(4);
        _exit(open_own(database, collection));
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 6;
    return WEXITSTATUS(status);
}

static void grandchild_is_told_from_its_parent(void) {
    uint64_t database = open_memory();
    CHECK(in_child(fork_again, database, collection_of(database, "users")) == 0);
    OK(quire_close(database));
}

// Threads of the library that wait at the time of the fork are not there in the child, and their memory is used again.
static int open_and_close_many(uint64_t database, uint64_t collection) {
    uint64_t own[MANY] = {0}, users = 0;
    const uint8_t document[] = "\x81\xa3_id\x01";
    (void)database, (void)collection;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned place = 0; place < MANY; place++) {
            if (quire_open(":memory:", 8, NULL, 0, &own[place]) != QUIRE_OK) return 1;
            if (quire_collection(own[place], "users", 5, &users) != QUIRE_OK) return 2;
            if (quire_insert(users, document, sizeof document - 1, 0, NULL) != QUIRE_OK) return 3;
        }
        for (unsigned place = 0; place < MANY; place++) {
            if (quire_close(own[place]) != QUIRE_OK) return 4;
        }
    }
    return 0;
}

static void *wait_for_close(void *argument) {
    quire_buffer events = {0};
    uint64_t count = 0;
    int32_t status = quire_watch_next(*(uint64_t *)argument, 0, 0, -1, &events, &count);
    quire_buffer_free(&events);
    return (void *)(intptr_t)status;
}

static void threads_that_wait_in_the_parent_do_not_disturb_the_child(void) {
    uint64_t databases[MANY] = {0}, stream = 0;
    bytes request = pack("{\"op\":\"watch\"}");
    for (unsigned place = 0; place < MANY; place++) databases[place] = open_memory();
    OK(quire_watch(databases[0], request.data, request.length, &stream));
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_for_close, &stream) == 0);
    for (unsigned round = 0; round < 3; round++) CHECK(in_child(open_and_close_many, 0, 0) == 0);
    for (unsigned place = 0; place < MANY; place++) OK(quire_close(databases[place]));
    void *status = NULL;
    CHECK(pthread_join(thread, &status) == 0);
    CHECK((intptr_t)status == QUIRE_CLOSED);
}

static int use_nanodb_of_the_parent(uint64_t database, uint64_t collection) {
    (void)database, (void)collection;
    // It writes nowhere before the child has opened a database of its own.
    if (NanoInsert("users", "{}") != -1 || quire_last_error(NULL, NULL, NULL) != QUIRE_CLOSED) return 1;
    if (NanoGetCollections() != NULL) return 2;
    NanoInit(":memory:");
    if (NanoCreateCollection("users") != 1 || NanoInsert("users", "{}") < 0) return 3;
    return NanoClose() == 1 ? 0 : 4;
}

static void child_has_none_of_the_databases_of_nanodbs_calls(void) {
    NanoInit(fresh_path("nanodb"));
    CHECK(NanoCreateCollection("users") == 1);
    CHECK(in_child(use_nanodb_of_the_parent, 0, 0) == 0);
    char *found = NanoFind("users", "{}", 0, 0);
    CHECK(found != NULL && strcmp(found, "[]") == 0);
    NanoFree(found);
    CHECK(NanoClose() == 1);
}

int main(void) {
    TEST(handles_of_the_parent_are_refused_in_the_child);
    TEST(child_opens_databases_of_its_own);
    TEST(file_that_the_parent_holds_is_locked_for_the_child);
    TEST(grandchild_is_told_from_its_parent);
    TEST(threads_that_wait_in_the_parent_do_not_disturb_the_child);
    TEST(child_has_none_of_the_databases_of_nanodbs_calls);
    return end_tests();
}
