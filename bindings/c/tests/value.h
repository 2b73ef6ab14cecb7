// Values as trees: what the conformance runner reads MessagePack into, and writes requests from.
//
// Memory of values is taken from one arena and given back as a whole (`forget_values`); no value outlives its case.
// Promises: reads what the library writes, and nothing else has to be read here. Leaves to others: comparing (matching.h).

#ifndef QUIRE_VALUE_H
#define QUIRE_VALUE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef enum value_kind {
    V_NULL,
    V_OTHER,
    V_BOOL,
    V_INT,
    V_UINT,
    V_FLOAT,
    V_TEXT,
    V_BINARY,
    V_DATE,
    V_ARRAY,
    V_MAP
} value_kind;

// One value. Texts, binary and extensions are `bytes` of `length`; arrays and maps have `count` items, maps also keys.
typedef struct value {
    value_kind kind;
    int64_t integer;
    uint64_t unsigned_integer;
    double number;
    const char *bytes;
    size_t length, count;
    struct value *items;
    struct value *keys;
} value;

typedef struct arena_block {
    struct arena_block *next;
} arena_block;

static arena_block *arena = NULL;

// Memory that lives until `forget_values`.
static inline void *take(size_t size) {
    arena_block *block = calloc(1, sizeof *block + size);
    if (block == NULL) abort();
    block->next = arena;
    arena = block;
    return block + 1;
}

static inline void forget_values(void) {
    while (arena != NULL) {
        arena_block *next = arena->next;
        free(arena);
        arena = next;
    }
}

static inline uint64_t read_big_endian(const uint8_t *at, size_t size) {
    uint64_t number = 0;
    for (size_t place = 0; place < size; place++) number = number << 8 | at[place];
    return number;
}

static inline const uint8_t *read_value(const uint8_t *at, value *into);

static inline const uint8_t *read_items(const uint8_t *at, value *into, value_kind kind, size_t count) {
    into->kind = kind;
    into->count = count;
    into->items = take((count + 1) * sizeof(value));
    if (kind == V_MAP) into->keys = take((count + 1) * sizeof(value));
    for (size_t place = 0; place < count; place++) {
        if (kind == V_MAP) at = read_value(at, &into->keys[place]);
        at = read_value(at, &into->items[place]);
    }
    return at;
}

static inline const uint8_t *read_bytes(const uint8_t *at, value *into, value_kind kind, size_t length) {
    char *copy = take(length + 1);
    memcpy(copy, at, length);
    into->kind = kind;
    into->bytes = copy;
    into->length = length;
    return at + length;
}

// Dates keep their payload, which is the same for the same date.
static inline const uint8_t *read_extension(const uint8_t *at, value *into, size_t length) {
    value_kind kind = at[0] == 0xff ? V_DATE : V_OTHER;
    return read_bytes(at + 1, into, kind, length);
}

static inline const uint8_t *read_number(const uint8_t *at, value *into, uint8_t head) {
    static const int8_t sizes[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8};
    size_t size = (size_t)sizes[head - 0xca];
    uint64_t bits = read_big_endian(at, size);
    if (head <= 0xcb) {
        into->kind = V_FLOAT;
        if (size == 4) {
            uint32_t half = (uint32_t)bits;
            float number;
            memcpy(&number, &half, sizeof number);
            into->number = number;
        } else {
            memcpy(&into->number, &bits, sizeof bits);
        }
    } else if (head <= 0xcf) {
        into->kind = bits > INT64_MAX ? V_UINT : V_INT;
        into->integer = bits > INT64_MAX ? 0 : (int64_t)bits;
        into->unsigned_integer = bits;
    } else {
        into->kind = V_INT;
        // Numbers of one to eight bytes, by the head.
        const int64_t signed_forms[] = {(int8_t)bits, (int16_t)bits, (int32_t)bits, (int64_t)bits};
        into->integer = signed_forms[head - 0xd0];
    }
    return at + size;
}

// Reads one value of well-formed MessagePack; gives the place behind it.
static inline const uint8_t *read_value(const uint8_t *at, value *into) {
    uint8_t head = *at++;
    memset(into, 0, sizeof *into);
    if (head <= 0x7f || head >= 0xe0) {
        into->kind = V_INT;
        into->integer = (int8_t)head;
        return at;
    }
    if (head <= 0x8f) return read_items(at, into, V_MAP, head & 0x0f);
    if (head <= 0x9f) return read_items(at, into, V_ARRAY, head & 0x0f);
    if (head <= 0xbf) return read_bytes(at, into, V_TEXT, head & 0x1f);
    if (head >= 0xca && head <= 0xd3) return read_number(at, into, head);
    if (head >= 0xd4 && head <= 0xd8) return read_extension(at, into, (size_t)1 << (head - 0xd4));
    if (head == 0xc2 || head == 0xc3) {
        into->kind = V_BOOL;
        into->integer = head == 0xc3;
        return at;
    }
    if (head == 0xc0) return at;
    // Bytes of the length: 1, 2, 4 of binary, extensions and texts; 2, 4 of arrays and maps.
    size_t size = (size_t)2 << (head & 1);
    if (head <= 0xdb) size = (size_t)1 << (head <= 0xc9 ? (head - 0xc4) % 3 : head - 0xd9);
    size_t length = (size_t)read_big_endian(at, size);
    at += size;
    if (head <= 0xc6) return read_bytes(at, into, V_BINARY, length);
    if (head <= 0xc9) return read_extension(at, into, length);
    if (head <= 0xdb) return read_bytes(at, into, V_TEXT, length);
    return read_items(at, into, head <= 0xdd ? V_ARRAY : V_MAP, length);
}

static inline value null_value(void) {
    value made = {0};
    return made;
}

static inline value int_value(int64_t number) {
    value made = {0};
    made.kind = V_INT;
    made.integer = number;
    return made;
}

static inline value bool_value(bool truth) {
    value made = {0};
    made.kind = V_BOOL;
    made.integer = truth;
    return made;
}

static inline value text_value(const char *text) {
    value made = {0};
    read_bytes((const uint8_t *)text, &made, V_TEXT, strlen(text));
    return made;
}

// An array or a map without items, with room for `room` of them.
static inline value list_value(value_kind kind, size_t room) {
    value made = {0};
    read_items(NULL, &made, kind, 0);
    made.items = take((room + 1) * sizeof(value));
    if (kind == V_MAP) made.keys = take((room + 1) * sizeof(value));
    return made;
}

static inline void append(value *list, const char *key, value item) {
    if (list->kind == V_MAP) list->keys[list->count] = text_value(key);
    list->items[list->count++] = item;
}

static inline bool is_text(const value *text, const char *wanted) {
    if (text == NULL || text->kind != V_TEXT || text->length != strlen(wanted)) return false;
    return memcmp(text->bytes, wanted, text->length) == 0;
}

// The field `name` of a map; NULL where there is none.
static inline value *field(const value *map, const char *name) {
    if (map == NULL || map->kind != V_MAP) return NULL;
    for (size_t place = 0; place < map->count; place++) {
        if (is_text(&map->keys[place], name)) return &map->items[place];
    }
    return NULL;
}

static inline const char *text_of(const value *map, const char *name) {
    const value *found = field(map, name);
    return found != NULL && found->kind == V_TEXT ? found->bytes : NULL;
}

// MessagePack while it is written; its memory is the caller's to free.
typedef struct packed_bytes {
    uint8_t *data;
    size_t length, capacity;
} packed_bytes;

static inline void put_bytes(packed_bytes *out, const void *bytes, size_t length) {
    if (out->length + length > out->capacity) {
        out->capacity = 2 * (out->length + length) + 64;
        out->data = realloc(out->data, out->capacity);
        if (out->data == NULL) abort();
    }
    if (length > 0) memcpy(out->data + out->length, bytes, length);
    out->length += length;
}

// A head of one byte and `size` bytes of number.
static inline void put_head(packed_bytes *out, uint8_t head, uint64_t number, size_t size) {
    uint8_t bytes[9] = {head};
    for (size_t place = 0; place < size; place++) bytes[1 + place] = (uint8_t)(number >> 8 * (size - 1 - place));
    put_bytes(out, bytes, 1 + size);
}

static inline void write_value(packed_bytes *out, const value *given) {
    uint64_t bits = 0;
    switch (given->kind) {
        case V_NULL: put_head(out, 0xc0, 0, 0); break;
        case V_BOOL: put_head(out, given->integer ? 0xc3 : 0xc2, 0, 0); break;
        case V_INT: put_head(out, 0xd3, (uint64_t)given->integer, 8); break;
        case V_UINT: put_head(out, 0xcf, given->unsigned_integer, 8); break;
        case V_FLOAT:
            memcpy(&bits, &given->number, sizeof bits);
            put_head(out, 0xcb, bits, 8);
            break;
        case V_TEXT:
        case V_BINARY:
            put_head(out, given->kind == V_TEXT ? 0xdb : 0xc6, given->length, 4);
            put_bytes(out, given->bytes, given->length);
            break;
        case V_DATE:
        case V_OTHER:
            put_head(out, 0xc9, given->length, 4);
            put_head(out, given->kind == V_DATE ? 0xff : 0, 0, 0);
            put_bytes(out, given->bytes, given->length);
            break;
        case V_ARRAY:
        case V_MAP:
            put_head(out, given->kind == V_ARRAY ? 0xdd : 0xdf, given->count, 4);
            for (size_t place = 0; place < given->count; place++) {
                if (given->kind == V_MAP) write_value(out, &given->keys[place]);
                write_value(out, &given->items[place]);
            }
            break;
    }
}

#endif
