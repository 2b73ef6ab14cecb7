// A transfer between two accounts: both documents change, or none; run again when somebody else was faster.
//
// Prints:
//   moved 30
//   not enough: nothing was moved
//   [{"_id":"a","balance":70},{"_id":"b","balance":30}]

#include <quire.h>
#include <stdio.h>
#include <string.h>

#define TEXT(text) text, strlen(text)

// Takes `amount` from one account inside a transaction; whether there was enough.
static int32_t take(uint64_t accounts, const char *from, int amount, bool *taken) {
    char request[256];
    quire_buffer reply = {0};
    snprintf(request, sizeof request,
             "{\"op\": \"updateOne\", \"filter\": {\"_id\": \"%s\", \"balance\": {\"$gte\": %d}},"
             " \"update\": {\"$inc\": {\"balance\": %d}}}",
             from, amount, -amount);
    int32_t status = quire_command_json(accounts, TEXT(request), 0, &reply);
    *taken = status == QUIRE_OK && strstr((char *)reply.data, "\"matchedCount\":1") != NULL;
    quire_buffer_free(&reply);
    return status;
}

static int32_t give(uint64_t accounts, const char *to, int amount) {
    char request[256];
    quire_buffer reply = {0};
    snprintf(request, sizeof request,
             "{\"op\": \"updateOne\", \"filter\": {\"_id\": \"%s\"}, \"update\": {\"$inc\": {\"balance\": %d}}}", to,
             amount);
    int32_t status = quire_command_json(accounts, TEXT(request), 0, &reply);
    quire_buffer_free(&reply);
    return status;
}

static int32_t transfer(uint64_t database, const char *from, const char *to, int amount) {
    for (;;) {
        uint64_t transaction = 0, accounts = 0;
        bool taken = false;
        int32_t status = quire_begin(database, NULL, 0, &transaction);
        if (status == QUIRE_OK) status = quire_transaction_collection(transaction, TEXT("accounts"), &accounts);
        if (status == QUIRE_OK) status = take(accounts, from, amount, &taken);
        if (status == QUIRE_OK && taken) status = give(accounts, to, amount);
        if (status == QUIRE_OK && taken) {
            status = quire_commit(transaction);
            if (status == QUIRE_OK) printf("moved %d\n", amount);
        } else {
            quire_rollback(transaction);
            if (status == QUIRE_OK) printf("not enough: nothing was moved\n");
        }
        if (status != QUIRE_CONFLICT) return status;
    }
}

int main(void) {
    uint64_t database = 0, accounts = 0;
    quire_buffer found = {0};
    if (quire_open(TEXT(":memory:"), NULL, 0, &database) != QUIRE_OK) return 1;
    if (quire_collection(database, TEXT("accounts"), &accounts) != QUIRE_OK) return 1;
    quire_insert_json(accounts, TEXT("{\"_id\": \"a\", \"balance\": 100}"), 0, NULL);
    quire_insert_json(accounts, TEXT("{\"_id\": \"b\", \"balance\": 0}"), 0, NULL);
    if (transfer(database, "a", "b", 30) != QUIRE_OK || transfer(database, "a", "b", 300) != QUIRE_OK) return 1;
    quire_find_json(accounts, TEXT("{\"op\": \"find\", \"sort\": {\"_id\": 1}}"), &found);
    printf("%s\n", (char *)found.data);
    quire_buffer_free(&found);
    return quire_close(database);
}
