// Upkeep: figures, checking, backup, salvage, expiry.

#include "test.h"

static void figures_are_told(void) {
    uint64_t database = open_memory();
    quire_buffer reply = {0};
    insert_numbers(collection_of(database, "users"), 10);
    OK(quire_stats(database, &reply));
    CHECK(strstr(unpack(reply.data, reply.length), "\"documentsCount\":10") != NULL);
    OK(quire_check(database, &reply));
    CHECK(strstr(unpack(reply.data, reply.length), "{\"isClean\":true,") != NULL);
    OK(quire_sync(database));
    OK(quire_checkpoint(database));
    OK(quire_close(database));
    FAILS(QUIRE_CLOSED, quire_stats(database, &reply));
    CHECK(reply.length == 0);
    quire_buffer_free(&reply);
}

static void backup_and_salvage_hold_the_documents(void) {
    char source[512], copy[512], saved[512];
    snprintf(source, sizeof source, "%s", fresh_path("source"));
    snprintf(copy, sizeof copy, "%s", fresh_path("copy"));
    snprintf(saved, sizeof saved, "%s", fresh_path("saved"));
    uint64_t database = 0;
    quire_buffer report = {0};
    OK(quire_open(source, strlen(source), NULL, 0, &database));
    insert_numbers(collection_of(database, "users"), 500);
    OK(quire_backup(database, copy, strlen(copy), &report));
    CHECK(strstr(unpack(report.data, report.length), "\"documentsCount\":500") != NULL);
    FAILS(QUIRE_INVALID_ARGUMENT, quire_backup(database, copy, strlen(copy), &report));
    OK(quire_close(database));
    OK(quire_salvage(source, strlen(source), saved, strlen(saved), &report));
    CHECK(strstr(unpack(report.data, report.length), "\"documentsCount\":500,\"problemsCount\":0") != NULL);
    for (int place = 0; place < 2; place++) {
        const char *path = place == 0 ? copy : saved;
        OK(quire_open(path, strlen(path), NULL, 0, &database));
        CHECK(count_of(collection_of(database, "users")) == 500);
        OK(quire_close(database));
    }
    quire_buffer_free(&report);
}

static void compaction_takes_the_room_of_what_was_deleted(void) {
    const char *path = fresh_path("compact");
    uint64_t database = 0;
    quire_buffer report = {0};
    OK(quire_open(path, strlen(path), NULL, 0, &database));
    uint64_t users = collection_of(database, "users");
    insert_numbers(users, 20000);
    const char *request = "{\"op\":\"deleteMany\",\"filter\":{\"group\":{\"$gt\":0}}}";
    OK(quire_checkpoint(database));
    OK(quire_command_json(users, request, strlen(request), 0, &report));
    OK(quire_compact(database, &report));
    unsigned long before = 0, after = 0;
    const char *told = unpack(report.data, report.length);
    CHECK(sscanf(told, "{\"bytesBefore\":%lu,\"bytesAfter\":%lu,", &before, &after) == 2);
    CHECK(after < before && strstr(told, "\"moved\":[\"users\"],\"left\":[]}") != NULL);
    CHECK(count_of(users) == 2000);
    FAILS(QUIRE_INVALID_ARGUMENT, quire_compact(users, &report));
    FAILS(QUIRE_INVALID_ARGUMENT, quire_compact(database, NULL));
    OK(quire_close(database));
    FAILS(QUIRE_CLOSED, quire_compact(database, &report));
    quire_buffer_free(&report);
}

static void documents_expire_when_asked(void) {
    uint64_t database = open_memory();
    uint64_t users = collection_of(database, "users"), deleted = 0;
    quire_buffer reply = {0};
    const char *request = "{\"op\":\"createIndexes\",\"indexes\":[{\"key\":{\"at\":1},\"expireAfterSeconds\":1}]}";
    OK(quire_command_json(users, request, strlen(request), 0, &reply));
    insert_one(users, "{\"at\":{\"$date\":\"2001-01-01T00:00:00Z\"}}");
    insert_one(users, "{\"at\":null}");
    OK(quire_expire(database, &deleted));
    CHECK(deleted == 1 && count_of(users) == 1);
    OK(quire_close(database));
    quire_buffer_free(&reply);
}

static void file_that_is_damaged_is_told_by_its_status(void) {
    const char *path = fresh_path("damaged");
    uint64_t database = 0;
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fputs("this is not a database, but a text that is long enough", file) >= 0);
    CHECK(fclose(file) == 0);
    FAILS(QUIRE_NOT_A_DATABASE, quire_open(path, strlen(path), NULL, 0, &database));
}

int main(void) {
    TEST(figures_are_told);
    TEST(backup_and_salvage_hold_the_documents);
    TEST(compaction_takes_the_room_of_what_was_deleted);
    TEST(documents_expire_when_asked);
    TEST(file_that_is_damaged_is_told_by_its_status);
    return end_tests();
}
