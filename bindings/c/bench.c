// Measures the C library: point reads and batch inserts, one line for each figure.
//
//     cc -O2 -Iinclude bench.c -L../../native/dist/capi -lquire -Wl,-rpath,../../native/dist/capi -o bench
//     ./bench [documents] [path]        1,000,000 documents of about 200 bytes, in memory, by default
//
// Reads are of random ids, each by quire_get into one buffer; also in their order, and of ids that are not there. Inserts
// are by quire_insert_many, 1,000 documents a call, at durability `process`. Each is run ROUNDS times; the median is
// told with the best and the worst, first by the clock, then by this process's CPU time, which tells more on a machine
// that others use. Leaves to others: peers beside it (bench/).

#define _POSIX_C_SOURCE 200809L

#include <quire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 5
#define BATCH 1000
#define READS 1000000
#define DOCUMENT_BYTES_MAX 256

// A moment by the clock, and by the CPU time of this process.
typedef struct moment {
    double clock, cpu;
} moment;

static double read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static moment present(void) {
    return (moment){read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

static moment since(moment begin) {
    moment now = present();
    return (moment){now.clock - begin.clock, now.cpu - begin.cpu};
}

static void need(int32_t status) {
    const char *message = "";
    if (status == QUIRE_OK) return;
    quire_last_error(&message, NULL, NULL);
    fprintf(stderr, "%s: %s\n", quire_status_code(status), message);
    exit(1);
}

static uint64_t next_random(uint64_t *state) {
    uint64_t number = *state += 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

static size_t put_text(uint8_t *at, const char *text) {
    size_t length = strlen(text);
    at[0] = (uint8_t)(0xa0 | length);
    memcpy(at + 1, text, length);
    return length + 1;
}

static size_t put_number(uint8_t *at, uint32_t number) {
    const uint8_t made[] = {0xce, (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                            (uint8_t)number};
    memcpy(at, made, sizeof made);
    return sizeof made;
}

// Writes {_id, name, email, city, age, score, tags, text} of about 200 bytes; gives its length.
static size_t put_document(uint8_t *at, uint32_t number) {
    char text[32];
    size_t length = 0;
    at[length++] = 0x88;
    length += put_text(at + length, "_id");
    length += put_number(at + length, number);
    length += put_text(at + length, "name");
    snprintf(text, sizeof text, "person number %u", number);
    length += put_text(at + length, text);
    length += put_text(at + length, "email");
    snprintf(text, sizeof text, "p%u@example.com", number);
    length += put_text(at + length, text);
    length += put_text(at + length, "city");
    length += put_text(at + length, number % 3 == 0 ? "Kochi" : "Lisbon");
    length += put_text(at + length, "age");
    at[length++] = (uint8_t)(number % 100);
    length += put_text(at + length, "score");
    length += put_number(at + length, number * 7);
    length += put_text(at + length, "tags");
    at[length++] = 0x92;
    length += put_text(at + length, "reader");
    length += put_text(at + length, "writer");
    length += put_text(at + length, "text");
    at[length++] = 0xd9;
    at[length++] = 72;
    memset(at + length, 'a' + (int)(number % 26), 72);
    return length + 72;
}

static int compare(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return difference < 0 ? -1 : difference > 0;
}

// Tells the median, the least and the most of the rounds' figures: `scale` / time where `is_rate`, else time * `scale`.
static void tell(const char *what, const char *unit, const moment *rounds, double scale, bool is_rate) {
    printf("%-30s", what);
    for (int way = 0; way < 2; way++) {
        double figures[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            double time = way == 0 ? rounds[round].clock : rounds[round].cpu;
            figures[round] = is_rate ? scale / time : time * scale;
        }
        qsort(figures, ROUNDS, sizeof *figures, compare);
        printf("%s %9.0f (%.0f to %.0f)", way == 0 ? "" : ", CPU", figures[ROUNDS / 2], figures[0], figures[ROUNDS - 1]);
    }
    printf(" %s\n", unit);
    fflush(stdout);
}

static uint64_t open_at(const char *path) {
    uint64_t database = 0;
    need(quire_open(path, strlen(path), NULL, 0, &database));
    return database;
}

static void fill(uint64_t collection, uint32_t documents) {
    uint8_t *batch = malloc(BATCH * DOCUMENT_BYTES_MAX);
    if (batch == NULL) exit(1);
    for (uint32_t first = 0; first < documents; first += BATCH) {
        size_t length = 0;
        for (uint32_t number = first; number < first + BATCH && number < documents; number++) {
            length += put_document(batch + length, number);
        }
        need(quire_insert_many(collection, batch, length, 1, NULL, NULL));
    }
    free(batch);
}

// The time of READS reads; ids from `first` on, at random or in order.
static moment read_many(uint64_t collection, uint32_t first, uint32_t documents, bool random, bool wanted) {
    quire_buffer document = {0};
    uint64_t state = 1;
    bool found = false;
    moment begin = present();
    for (uint32_t round = 0; round < READS; round++) {
        uint8_t id[5];
        put_number(id, first + (uint32_t)(random ? next_random(&state) % documents : round % documents));
        if (quire_get(collection, id, sizeof id, &document, &found) != QUIRE_OK || found != wanted) exit(1);
    }
    moment elapsed = since(begin);
    quire_buffer_free(&document);
    return elapsed;
}

int main(int count, char **arguments) {
    uint32_t documents = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 1000000;
    const char *path = count > 2 ? arguments[2] : ":memory:";
    uint8_t sample[DOCUMENT_BYTES_MAX];
    moment rounds[ROUNDS];
    uint64_t database = 0, collection = 0;
    if (documents == 0) return 1;
    printf("libquire %s, %u documents of %zu bytes in %s\n", quire_version(), documents, put_document(sample, documents),
           path);
    for (int round = 0; round < ROUNDS; round++) {
        if (database != 0) {
            need(quire_clear(collection, 0, NULL));
            need(quire_checkpoint(database));
        } else {
            database = open_at(path);
            need(quire_collection(database, "people", 6, &collection));
        }
        moment begin = present();
        fill(collection, documents);
        rounds[round] = since(begin);
    }
    tell("insert_many of 1,000, process", "documents/s", rounds, documents, true);
    for (int round = 0; round < ROUNDS; round++) rounds[round] = read_many(collection, 0, documents, true, true);
    tell("get at random", "ns", rounds, 1e9 / READS, false);
    for (int round = 0; round < ROUNDS; round++) rounds[round] = read_many(collection, 0, documents, false, true);
    tell("get in order", "ns", rounds, 1e9 / READS, false);
    for (int round = 0; round < ROUNDS; round++) rounds[round] = read_many(collection, documents, documents, true, false);
    tell("get of ids that are not there", "ns", rounds, 1e9 / READS, false);
    need(quire_close(database));
    return 0;
}
