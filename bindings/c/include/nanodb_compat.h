// nanodb_compat.h: NanoDB's C calls over libquire, so that its programs relink. Made from native/capi; do not edit.
//
// One database of the process; texts are UTF-8 and end with a NUL; documents are JSON objects, ids whole numbers below
// 2^48. Results that are texts are yours: give each back with NanoFree. Where a call fails, quire_last_error (quire.h)
// says why; nothing ends the process. All calls may be made from any thread.
//
// Other than in NanoDB: queries are MongoDB's ($in, $exists, $regex, dotted paths, comparison by type) instead of texts
// that are compared; NanoInsertMany, NanoUpdateMany and NanoDeleteMany are done whole or not at all; documents may have
// 16 MiB; NanoVectorSearch is exact and of any dimension; null is no document.


#ifndef NANODB_COMPAT_H
#define NANODB_COMPAT_H

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Opens the database at `path`, or makes it; once one is open, further calls count and pass their path over. When it
// cannot be opened the calls that follow fail. A child made by fork has none open and calls this itself.
void NanoInit(const char *path);

// Gives the database back; the last one closes it. 1, or -1 when closing failed.
long long NanoClose(void);

// Makes a collection: 1 when it was made, 0 when it was there, -1 on an error.
long long NanoCreateCollection(const char *col);

// The names of the collections: an array; null when there is none.
char *NanoGetCollections(void);

// Adds a document and gives its new id, which takes the place of its _id. -1 on an error.
long long NanoInsert(const char *col, const char *json);

// Adds an array of documents, all or none: an array of their new ids, NULL on an error.
char *NanoInsertMany(const char *col, const char *json_array);

// The documents that match: an array, NULL on an error. A limit or skip of 0 or less is none.
char *NanoFind(const char *col, const char *query, long long limit, long long skip);

// The first document that matches, null when there is none, NULL on an error.
char *NanoFindOne(const char *col, const char *query);

// The document of an id, null when there is none, NULL on an error.
char *NanoFindById(const char *col, long long id);

// Merges the fields of `json` into the document of an id; gives the document, NULL when there is none or on an error.
char *NanoUpdateById(const char *col, long long id, const char *json);

// Merges the fields of `json` into every document that matches; gives these documents, NULL on an error.
char *NanoUpdateMany(const char *col, const char *query, const char *json);

// Removes the document of an id: 1, or -1 when there is none or on an error.
long long NanoDeleteById(const char *col, long long id);

// Removes every document that matches: 1, also when none did; -1 on an error.
long long NanoDeleteMany(const char *col, const char *query);

// The ids of the `k` documents whose field _embeddings is nearest to the numbers, the nearest first; NULL on an error.
// Every document is looked at; those of another dimension are passed over.
char *NanoVectorSearch(const char *col,
                       const char *json_floats,
                       long long k);

// Gives a result back. NULL is allowed.
void NanoFree(char *result);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NANODB_COMPAT_H */
