// A thread that is told of every change, until the stream is closed.
//
// Prints:
//   insert of 1
//   insert of 2
//   delete of 1
//   closed

#include <pthread.h>
#include <quire.h>
#include <stdio.h>
#include <string.h>

#define TEXT(text) text, strlen(text)

// Reads one event at a time, so that each buffer holds one map.
static void *follow(void *argument) {
    uint64_t stream = *(uint64_t *)argument, count = 0;
    quire_buffer event = {0}, json = {0};
    int32_t status = QUIRE_OK;
    while ((status = quire_watch_next(stream, 1, 0, -1, &event, &count)) == QUIRE_OK) {
        if (quire_msgpack_to_json(event.data, event.length, &json) != QUIRE_OK) break;
        const char *kind = strstr((char *)json.data, "\"operationType\":\"") + strlen("\"operationType\":\"");
        const char *id = strstr((char *)json.data, "\"documentKey\":{\"_id\":") + strlen("\"documentKey\":{\"_id\":");
        printf("%.6s of %.1s\n", kind, id);
        if (strncmp(kind, "delete", 6) == 0) quire_watch_close(stream);
    }
    printf("%s\n", status == QUIRE_CLOSED ? "closed" : "failed");
    quire_buffer_free(&event);
    quire_buffer_free(&json);
    return NULL;
}

int main(void) {
    uint64_t database = 0, users = 0, stream = 0;
    const uint8_t watch[] = "\x81\xa2op\xa5watch"; // {op: "watch"}
    const uint8_t one[] = "\x01";
    pthread_t thread;
    if (quire_open(TEXT(":memory:"), NULL, 0, &database) != QUIRE_OK) return 1;
    if (quire_collection(database, TEXT("users"), &users) != QUIRE_OK) return 1;
    if (quire_watch(database, watch, sizeof watch - 1, &stream) != QUIRE_OK) return 1;
    if (pthread_create(&thread, NULL, follow, &stream) != 0) return 1;
    quire_insert_json(users, TEXT("{\"_id\": 1}"), 0, NULL);
    quire_insert_json(users, TEXT("{\"_id\": 2}"), 0, NULL);
    quire_delete(users, one, 1, 0, NULL);
    pthread_join(thread, NULL);
    return quire_close(database);
}
