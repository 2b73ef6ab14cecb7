// Reading, writing and asking, in JSON alone.
//
// Prints:
//   {"_id":"grace","name":"Grace","langs":["COBOL"],"born":{"$date":{"$numberLong":"-1987027200000"}}}
//   {"matchedCount":1,"modifiedCount":1,"upsertedId":null}
//   [{"_id":"grace","langs":["COBOL","FLOW-MATIC"]}]
//   DUPLICATE_ID: a document with _id "grace" is already in the collection

#include <quire.h>
#include <stdio.h>
#include <string.h>

#define TEXT(text) text, strlen(text)

// Ends the program with the library's words unless a call succeeded.
static int failed(int32_t status) {
    const char *message = "";
    if (status == QUIRE_OK) return 0;
    quire_last_error(&message, NULL, NULL);
    printf("%s: %s\n", quire_status_code(status), message);
    return 1;
}

int main(void) {
    uint64_t database = 0, people = 0;
    quire_buffer reply = {0};
    bool found = false;
    const char *grace =
        "{\"_id\": \"grace\", \"name\": \"Grace\", \"langs\": [\"COBOL\"], \"born\": {\"$date\": \"1907-01-14T00:00:00Z\"}}";
    if (failed(quire_open(TEXT("basics.quire"), NULL, 0, &database))) return 1;
    if (failed(quire_collection(database, TEXT("people"), &people))) return 1;
    if (failed(quire_insert_json(people, TEXT(grace), 0, NULL))) return 1;

    if (failed(quire_get_json(people, TEXT("\"grace\""), &reply, &found)) || !found) return 1;
    printf("%s\n", (char *)reply.data);

    const char *update = "{\"op\": \"updateOne\", \"filter\": {\"name\": \"Grace\"},"
                         " \"update\": {\"$push\": {\"langs\": \"FLOW-MATIC\"}}}";
    if (failed(quire_command_json(people, TEXT(update), 0, &reply))) return 1;
    printf("%s\n", (char *)reply.data);

    const char *query = "{\"op\": \"find\", \"filter\": {\"langs\": \"COBOL\"}, \"projection\": {\"langs\": 1}}";
    if (failed(quire_find_json(people, TEXT(query), &reply))) return 1;
    printf("%s\n", (char *)reply.data);

    // A mistake is a status and words.
    failed(quire_insert_json(people, TEXT("{\"_id\": \"grace\"}"), 0, NULL));
    quire_buffer_free(&reply);
    return quire_close(database);
}
