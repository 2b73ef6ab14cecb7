// NanoDB's calls: what its programs rely on, and what ended the process there.

#include "nanodb_compat.h"
#include "test.h"

// Whether a result is this text; gives it back.
static bool is(char *result, const char *wanted) {
    bool same = result != NULL && strcmp(result, wanted) == 0;
    if (!same) printf("# found %s, wanted %s\n", result == NULL ? "NULL" : result, wanted);
    NanoFree(result);
    return same;
}

// Whether a result has this piece; gives it back.
static bool has(char *result, const char *piece) {
    bool found = result != NULL && strstr(result, piece) != NULL;
    NanoFree(result);
    return found;
}

static void documents_are_kept_under_numbers(void) {
    NanoInit(fresh_path("nanodb"));
    CHECK(is(NanoGetCollections(), "null"));
    CHECK(NanoCreateCollection("users") == 1 && NanoCreateCollection("users") == 0);
    CHECK(is(NanoGetCollections(), "[\"users\"]"));
    long long id = NanoInsert("users", "{\"name\":\"Ada\",\"age\":36,\"_id\":\"mine\"}");
    CHECK(id > 0 && id < 1LL << 48);
    char wanted[128];
    snprintf(wanted, sizeof wanted, "{\"_id\":%lld,\"name\":\"Ada\",\"age\":36}", id);
    CHECK(is(NanoFindById("users", id), wanted));
    CHECK(is(NanoFindOne("users", "{\"age\":{\"$gt\":30}}"), wanted));
    CHECK(is(NanoFindById("users", id + 1), "null") && is(NanoFindOne("users", "{\"age\":1}"), "null"));
    snprintf(wanted, sizeof wanted, "{\"_id\":%lld,\"name\":\"Ada\",\"age\":37,\"a.b\":1}", id);
    CHECK(is(NanoUpdateById("users", id, "{\"age\":37,\"a.b\":1,\"_id\":5}"), wanted));
    CHECK(NanoUpdateById("users", id + 1, "{\"age\":37}") == NULL);
    CHECK(NanoDeleteById("users", id) == 1 && NanoDeleteById("users", id) == -1);
    CHECK(NanoClose() == 1);
}

static void many_are_found_changed_and_removed(void) {
    NanoInit(fresh_path("nanodb"));
    CHECK(NanoCreateCollection("n") == 1);
    CHECK(has(NanoInsertMany("n", "[{\"i\":1},{\"i\":2},{\"i\":3}]"), ","));
    CHECK(NanoInsertMany("n", "[{\"i\":4},null]") == NULL);
    CHECK(has(NanoFind("n", "{}", 1, 2), "\"i\":3") && is(NanoFind("n", "{}", 0, 3), "[]"));
    CHECK(has(NanoUpdateMany("n", "{\"i\":{\"$gte\":2}}", "{\"i\":9}"), "\"i\":9},"));
    CHECK(has(NanoFind("n", "{\"i\":9}", -1, -1), "},{"));
    CHECK(NanoUpdateMany("n", "{}", "[") == NULL && is(NanoUpdateMany("n", "{\"i\":0}", "{\"i\":1}"), "[]"));
    CHECK(NanoDeleteMany("n", "{\"i\":9}") == 1 && NanoDeleteMany("n", "{\"i\":9}") == 1);
    CHECK(has(NanoFind("n", "{}", 0, 0), "\"i\":1}]"));
    CHECK(NanoClose() == 1);
}

static void nearest_vectors_come_first(void) {
    NanoInit(fresh_path("nanodb"));
    CHECK(NanoCreateCollection("v") == 1);
    long long near = NanoInsert("v", "{\"_embeddings\":[1,0.5]}"), far = NanoInsert("v", "{\"_embeddings\":[9,9]}");
    CHECK(NanoInsert("v", "{\"_embeddings\":[1,0,0]}") > 0 && NanoInsert("v", "{\"x\":1}") > 0);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "[%lld,%lld]", near, far);
    CHECK(is(NanoVectorSearch("v", "[1,0]", 5), wanted));
    CHECK(is(NanoVectorSearch("v", "[1,0]", 0), "[]") && is(NanoVectorSearch("v", "[1]", 5), "[]"));
    CHECK(NanoVectorSearch("v", "{}", 5) == NULL);
    CHECK(NanoClose() == 1);
}

static void opening_is_counted_and_files_are_opened_again(void) {
    const char *path = fresh_path("nanodb");
    NanoInit(path);
    NanoInit("/another/path/that/is/passed/over");
    CHECK(NanoCreateCollection("users") == 1 && NanoInsert("users", "{}") > 0);
    CHECK(NanoClose() == 1);
    CHECK(has(NanoFind("users", "{}", 0, 0), "_id"));
    CHECK(NanoClose() == 1);
    CHECK(NanoFind("users", "{}", 0, 0) == NULL);
    NanoInit(path);
    CHECK(has(NanoFind("users", "{}", 0, 0), "_id"));
    CHECK(NanoClose() == 1 && NanoClose() == 1);
}

static void mistakes_are_errors_and_end_nothing(void) {
    CHECK(NanoCreateCollection("users") == -1 && NanoGetCollections() == NULL);
    NanoInit("/no/such/folder/a.quire");
    CHECK(quire_last_error(NULL, NULL, NULL) == QUIRE_CANNOT_OPEN);
    NanoInit(fresh_path("nanodb"));
    CHECK(NanoInsert("unknown", "{}") == -1 && NanoFind("unknown", "{}", 0, 0) == NULL);
    CHECK(NanoCreateCollection("users") == 1);
    CHECK(NanoInsert("users", "null") == -1 && NanoInsert("users", "{") == -1 && NanoInsert("users", NULL) == -1);
    CHECK(is(NanoFind("users", "null", 0, 0), "[]") && NanoFind(NULL, "{}", 0, 0) == NULL);
    CHECK(NanoDeleteMany("users", "{\"a\":{\"$what\":1}}") == -1);
    NanoFree(NULL);
    CHECK(NanoClose() == 1);
}

int main(void) {
    TEST(documents_are_kept_under_numbers);
    TEST(many_are_found_changed_and_removed);
    TEST(nearest_vectors_come_first);
    TEST(opening_is_counted_and_files_are_opened_again);
    TEST(mistakes_are_errors_and_end_nothing);
    return end_tests();
}
