// A collection of documents: the calls by id, and inserting.
//
// Promises: every call may be made from any goroutine; what is given is neither changed nor kept; what comes back
// shares no memory with the database. Leaves to others: reading by a filter (query.go), writing by one (writes.go),
// indexes (indexes.go), changes (stream.go).

package quire

import (
	"encoding"
	"reflect"
	"runtime"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
	"github.com/quiredb/quiredb/bindings/go/internal/pack"
	"github.com/tinylib/msgp/msgp"
)

// Collection is a collection whose documents are T: a struct with tags `quire:"name,omitempty"` (else `json`), Document,
// D, Raw or any. It is by itself, where every call is a commit, or as a transaction sees it (see In).
//
// Errors of every call: ErrInvalidName, ErrClosed, ErrCorrupted, ErrIO, ErrForked; ErrTypeMismatch where a document does
// not fit T. Of every write also: ErrReadOnly, ErrBusy, ErrDiskFull, ErrPoisoned, ErrUnsupportedValue, and in a
// transaction ErrConflict, ErrTransactionEnded, ErrTransactionTooLarge.
type Collection[T any] struct {
	of *source
}

// CollectionOf is the collection of this name, with documents of type T, of a *DB or a *Tx.
func CollectionOf[T any](of Source, name string) *Collection[T] {
	return &Collection[T]{of.source(name)}
}

// In is the collection as a transaction sees it.
func (c *Collection[T]) In(tx *Tx) *Collection[T] {
	return CollectionOf[T](tx, c.of.name)
}

// Name is the collection's name.
func (c *Collection[T]) Name() string { return c.of.name }

// WriteOptions are the options of writes that have no others.
type WriteOptions struct {
	// Durability of this commit. Inside a transaction it says nothing.
	Durability Durability
}

// Get reads the document of this id: a string, an integer or bytes.
//
// Errors: ErrNoDocuments, ErrInvalidID.
func (c *Collection[T]) Get(id any) (T, error) {
	var document T
	call := capi.Take()
	defer call.Release()
	if err := c.get(call, id); err != nil {
		return document, err
	}
	if err := call.Reader.One(call.Out.Buffer.Bytes(), &document); err != nil {
		return document, ofValue(err)
	}
	return document, nil
}

// AppendRaw appends the document of this id, in MessagePack, to bytes: with room enough in them, nothing is allocated.
//
// Errors: ErrNoDocuments, ErrInvalidID.
func (c *Collection[T]) AppendRaw(bytes []byte, id any) ([]byte, error) {
	call := capi.Take()
	defer call.Release()
	if err := c.get(call, id); err != nil {
		return bytes, err
	}
	return append(bytes, call.Out.Buffer.Bytes()...), nil
}

// get reads a document into the call's buffer.
func (c *Collection[T]) get(call *capi.Call, id any) error {
	handle, err := c.begin(call, id)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if status := capi.Get(handle, call); status != 0 {
		return lastError(status)
	}
	if !call.Out.Found {
		return ErrNoDocuments
	}
	return nil
}

// begin readies a call by id.
func (c *Collection[T]) begin(call *capi.Call, id any) (handle uint64, err error) {
	if call.ID, err = appendID(call.ID[:0], id); err != nil {
		return 0, err
	}
	return c.of.open()
}

// Has says whether there is a document of this id.
//
// Errors: ErrInvalidID.
func (c *Collection[T]) Has(id any) (bool, error) {
	return c.byID(id, func(handle uint64, call *capi.Call) int32 {
		return capi.Has(handle, call)
	})
}

// Put stores a document, whether there is one of its _id or not, and says whether it took the place of one.
//
// Errors: ErrInvalidID also where it has no _id, ErrInvalidDocument, ErrDocumentTooLarge, ErrDuplicateKey.
func (c *Collection[T]) Put(document T, options ...WriteOptions) (bool, error) {
	return c.ofDocument(&document, options, func(handle uint64, call *capi.Call, durability int32) int32 {
		return capi.Put(handle, durability, call)
	})
}

// Replace puts a document in the place of the one with this id, and says whether there was one.
//
// Errors: ErrInvalidID, ErrInvalidDocument, ErrInvalidUpdate for another _id, ErrDocumentTooLarge, ErrDuplicateKey.
func (c *Collection[T]) Replace(id any, document T, options ...WriteOptions) (bool, error) {
	return c.ofDocument(&document, options, func(handle uint64, call *capi.Call, durability int32) int32 {
		return capi.Replace(handle, durability, call)
	}, id)
}

// Update changes the document with this id by operators such as {"$inc": {"age": 1}}, or by a pipeline.
//
// Errors: ErrInvalidID, ErrInvalidUpdate, ErrInvalidExpression, ErrDocumentTooLarge, ErrDuplicateKey.
func (c *Collection[T]) Update(id, update any, options ...WriteOptions) (UpdateResult, error) {
	given, err := only(options)
	if err != nil {
		return UpdateResult{}, err
	}
	call := capi.Take()
	defer call.Release()
	handle, err := c.begin(call, id)
	if err != nil {
		return UpdateResult{}, err
	}
	if call.Request, err = pack.Append(call.Request[:0], update); err != nil {
		return UpdateResult{}, ofValue(err)
	}
	if err := checkUpdate(call.Request); err != nil {
		return UpdateResult{}, err
	}
	err = done(func() int32 {
		return capi.Update(handle, int32(given.Durability), call)
	})
	if err != nil {
		return UpdateResult{}, err
	}
	return UpdateResult{MatchedCount: count(call.Out.Found), ModifiedCount: count(call.Out.Modified)}, nil
}

// Delete deletes the document of this id, and says whether there was one.
//
// Errors: ErrInvalidID.
func (c *Collection[T]) Delete(id any, options ...WriteOptions) (bool, error) {
	given, err := only(options)
	if err != nil {
		return false, err
	}
	return c.byID(id, func(handle uint64, call *capi.Call) int32 {
		return capi.Delete(handle, int32(given.Durability), call)
	})
}

// InsertOne inserts a document. Where it has no _id the engine makes one; the document given stays as it is.
//
// Errors: ErrDuplicateID, ErrDuplicateKey, ErrInvalidID, ErrInvalidDocument, ErrDocumentTooLarge.
func (c *Collection[T]) InsertOne(document T, options ...WriteOptions) (InsertOneResult, error) {
	var result InsertOneResult
	given, err := only(options)
	if err != nil {
		return result, err
	}
	call := capi.Take()
	defer call.Release()
	handle, err := c.of.open()
	if err != nil {
		return result, err
	}
	if call.Request, err = pack.AppendTo(call.Request[:0], &document); err != nil {
		return result, ofValue(err)
	}
	err = done(func() int32 {
		return capi.Insert(handle, int32(given.Durability), call)
	})
	if err != nil {
		return result, err
	}
	result.InsertedID, _, err = call.Reader.Any(call.Out.Buffer.Bytes())
	return result, err
}

// InsertManyOptions are the options of InsertMany.
type InsertManyOptions struct {
	// Durability of the commit.
	Durability Durability
	// Unordered inserts all documents that can be, where otherwise one that cannot be keeps all out.
	Unordered bool
}

// InsertMany inserts documents in one commit: all of them or, after an error, none.
//
// Errors: ErrDuplicateID, ErrDuplicateKey, ErrInvalidID, ErrInvalidDocument, ErrDocumentTooLarge,
// ErrTransactionTooLarge; unordered a *BulkWriteError, which says what was inserted.
func (c *Collection[T]) InsertMany(documents []T, options ...InsertManyOptions) (InsertManyResult, error) {
	var result InsertManyResult
	given, err := only(options)
	if err != nil {
		return result, err
	}
	if len(documents) == 0 {
		return result, nil
	}
	if given.Unordered {
		return insertEach(c.of, documents, given.Durability)
	}
	call := capi.Take()
	defer call.Release()
	handle, err := c.of.open()
	if err != nil {
		return result, err
	}
	b := call.Request[:0]
	for index := range documents {
		if b, err = pack.AppendTo(b, &documents[index]); err != nil {
			return result, failure(codeOf(ofValue(err)), "documents[%d]: %v", index, err)
		}
	}
	call.Request = b
	err = done(func() int32 {
		return capi.InsertMany(handle, int32(given.Durability), call)
	})
	if err != nil {
		return result, err
	}
	result.InsertedCount = int64(call.Out.Count)
	result.InsertedIDs, err = idsOf(call)
	return result, err
}

// idsOf reads the ids of a batch. Those that are texts are parts of one text, which is cheaper than one for each.
func idsOf(call *capi.Call) ([]any, error) {
	rest := call.Out.Buffer.Bytes()
	whole := string(rest)
	ids := make([]any, call.Out.Count)
	for index := range ids {
		if text, behind, err := msgp.ReadStringZC(rest); err == nil {
			end := len(whole) - len(behind)
			ids[index] = whole[end-len(text) : end]
			rest = behind
			continue
		}
		var err error
		if ids[index], rest, err = call.Reader.Any(rest); err != nil {
			return nil, ofValue(err)
		}
	}
	return ids, nil
}

// Clear deletes every document, and says how many there were.
func (c *Collection[T]) Clear(options ...WriteOptions) (int64, error) {
	given, err := only(options)
	if err != nil {
		return 0, err
	}
	call := capi.Take()
	defer call.Release()
	handle, err := c.of.open()
	if err != nil {
		return 0, err
	}
	err = done(func() int32 { return capi.Clear(handle, int32(given.Durability), call) })
	if err != nil {
		return 0, err
	}
	return int64(call.Out.Count), nil
}

// byID makes a call by id that says yes or no.
func (c *Collection[T]) byID(id any, make func(handle uint64, call *capi.Call) int32) (bool, error) {
	call := capi.Take()
	defer call.Release()
	handle, err := c.begin(call, id)
	if err != nil {
		return false, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if status := make(handle, call); status != 0 {
		return false, lastError(status)
	}
	return call.Out.Found, nil
}

// ofDocument makes a call with a document, and an id where one is given, that says yes or no.
func (c *Collection[T]) ofDocument(
	document *T, options []WriteOptions, make func(handle uint64, call *capi.Call, durability int32) int32, ids ...any,
) (bool, error) {
	given, err := only(options)
	if err != nil {
		return false, err
	}
	call := capi.Take()
	defer call.Release()
	for _, id := range ids {
		if call.ID, err = appendID(call.ID[:0], id); err != nil {
			return false, err
		}
	}
	handle, err := c.of.open()
	if err != nil {
		return false, err
	}
	if call.Request, err = pack.AppendTo(call.Request[:0], document); err != nil {
		return false, ofValue(err)
	}
	if len(ids) > 0 {
		if err := checkReplacement(call.Request); err != nil {
			return false, err
		}
	}
	err = done(func() int32 { return make(handle, call, int32(given.Durability)) })
	return call.Out.Found && err == nil, err
}

// appendID appends an id. The common types keep the id off the heap.
//
// Errors: ErrInvalidID.
func appendID(b []byte, id any) ([]byte, error) {
	switch id := id.(type) {
	case string:
		return msgp.AppendString(b, id), nil
	case int:
		return msgp.AppendInt64(b, int64(id)), nil
	case int64:
		return msgp.AppendInt64(b, id), nil
	case int32:
		return msgp.AppendInt64(b, int64(id)), nil
	case uint64:
		return msgp.AppendUint64(b, id), nil
	case []byte:
		return msgp.AppendBytes(b, id), nil
	case nil:
		return b, failure(ErrInvalidID, "an id is a string, an integer or bytes, not nil")
	}
	return appendOtherID(b, id)
}

func appendOtherID(b []byte, id any) ([]byte, error) {
	value := reflect.ValueOf(id)
	if _, is := id.(encoding.TextMarshaler); !is {
		switch value.Kind() {
		case reflect.String:
			return msgp.AppendString(b, value.String()), nil
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			return msgp.AppendInt64(b, value.Int()), nil
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			return msgp.AppendUint64(b, value.Uint()), nil
		}
	}
	b, err := pack.Append(b, id)
	if err != nil {
		return b, ofValue(err)
	}
	return b, nil
}

func count(truth bool) int64 {
	if truth {
		return 1
	}
	return 0
}
