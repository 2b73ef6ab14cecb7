// How the conformance runner compares a result with what a case expects: test/conformance/README.md, "Comparing".
//
// Promises: types and contents have to be the same, numbers by what they are worth; $any, $some, $unordered and $saved
// stand for what the page says. What is different is told on one line.

#ifndef QUIRE_MATCHING_H
#define QUIRE_MATCHING_H

#include <math.h>
#include <stdio.h>

#include "test.h"
#include "value.h"

#define SAVED_MAX 32

// Results that the steps of a case saved.
static struct {
    const char *name;
    value result;
} saved[SAVED_MAX];
static size_t saved_count = 0;

// The value at a path such as `seen.0._id`; NULL where there is none.
static inline const value *look_up(const char *path) {
    size_t length = strcspn(path, ".");
    const value *at = NULL;
    for (size_t place = 0; place < saved_count; place++) {
        const char *name = saved[place].name;
        if (strlen(name) == length && strncmp(name, path, length) == 0) at = &saved[place].result;
    }
    for (path += length; at != NULL && *path == '.'; path += length) {
        char name[64];
        path++;
        length = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        if (at->kind == V_ARRAY) {
            size_t place = strtoul(name, NULL, 10);
            at = place < at->count ? &at->items[place] : NULL;
        } else {
            at = field(at, name);
        }
    }
    return at;
}

// The one field of a map with one field, where that is `name`.
static inline const value *only_field(const value *map, const char *name) {
    return map->kind == V_MAP && map->count == 1 ? field(map, name) : NULL;
}

// `given` with every $saved replaced by what it names.
static inline value resolved(const value *given) {
    const value *path = only_field(given, "$saved");
    if (path != NULL && path->kind == V_TEXT) {
        const value *found = look_up(path->bytes);
        return found == NULL ? null_value() : *found;
    }
    if (given->kind != V_ARRAY && given->kind != V_MAP) return *given;
    value made = *given;
    made.items = take((given->count + 1) * sizeof(value));
    for (size_t place = 0; place < given->count; place++) made.items[place] = resolved(&given->items[place]);
    return made;
}

static inline bool is_number(const value *given) {
    return given->kind == V_INT || given->kind == V_UINT || given->kind == V_FLOAT;
}

// Both are numbers. Whole ones are compared exactly, as a long double may hold no more than a double does.
static inline bool is_same_number(const value *left, const value *right) {
    if (left->kind == V_FLOAT && right->kind == V_FLOAT) {
        return left->number == right->number || (isnan(left->number) && isnan(right->number));
    }
    if (left->kind == V_FLOAT) return is_same_number(right, left);
    if (right->kind == V_FLOAT) {
        double number = right->number;
        if (!(number == floor(number))) return false;
        if (left->kind == V_UINT) {
            return number >= 0x1p63 && number < 0x1p64 && (uint64_t)number == left->unsigned_integer;
        }
        return number >= -0x1p63 && number < 0x1p63 && (int64_t)number == left->integer;
    }
    if (left->kind != right->kind) return false;
    return left->kind == V_UINT ? left->unsigned_integer == right->unsigned_integer : left->integer == right->integer;
}

static inline bool matches(const value *expected, const value *actual);

static inline bool is_of(const char *type, const value *given) {
    if (strcmp(type, "value") == 0) return true;
    if (strcmp(type, "text") == 0) return given->kind == V_TEXT;
    if (strcmp(type, "number") == 0) return is_number(given);
    if (strcmp(type, "date") == 0) return given->kind == V_DATE;
    return strcmp(type, "map") == 0 && given->kind == V_MAP;
}

static inline bool matches_fields(const value *expected, const value *actual, bool is_whole) {
    if (actual->kind != V_MAP || expected->kind != V_MAP) return false;
    if (is_whole && expected->count != actual->count) return false;
    for (size_t place = 0; place < expected->count; place++) {
        const value *found = field(actual, expected->keys[place].bytes);
        if (found == NULL || !matches(&expected->items[place], found)) return false;
    }
    return true;
}

static inline bool matches_unordered(const value *expected, const value *actual) {
    if (actual->kind != V_ARRAY || actual->count != expected->count) return false;
    bool *taken = take(actual->count + 1);
    for (size_t place = 0; place < expected->count; place++) {
        size_t candidate = 0;
        const value *wanted = &expected->items[place];
        while (candidate < actual->count && (taken[candidate] || !matches(wanted, &actual->items[candidate]))) {
            candidate++;
        }
        if (candidate == actual->count) return false;
        taken[candidate] = true;
    }
    return true;
}

static inline bool matches(const value *expected, const value *actual) {
    const value *meant = NULL;
    if ((meant = only_field(expected, "$any")) != NULL) return is_of(meant->bytes, actual);
    if ((meant = only_field(expected, "$some")) != NULL) return matches_fields(meant, actual, false);
    if ((meant = only_field(expected, "$unordered")) != NULL) return matches_unordered(meant, actual);
    if ((meant = only_field(expected, "$saved")) != NULL) {
        meant = look_up(meant->bytes);
        return meant != NULL && matches(meant, actual);
    }
    if (is_number(expected)) return is_number(actual) && is_same_number(expected, actual);
    if (expected->kind != actual->kind) return false;
    switch (expected->kind) {
        case V_BOOL: return expected->integer == actual->integer;
        case V_MAP: return matches_fields(expected, actual, true);
        case V_ARRAY:
            if (expected->count != actual->count) return false;
            for (size_t place = 0; place < expected->count; place++) {
                if (!matches(&expected->items[place], &actual->items[place])) return false;
            }
            return true;
        case V_NULL: return true;
        default:
            if (expected->length != actual->length) return false;
            return memcmp(expected->bytes, actual->bytes, actual->length) == 0;
    }
}

// Tells a value as JSON.
static inline void show(const char *what, const value *given) {
    packed_bytes packed = {0};
    write_value(&packed, given);
    printf("#   %s %s\n", what, unpack(packed.data, packed.length));
    free(packed.data);
}

#endif
