// Cursors, and sending commands: what every call that is no hot one is made of.
//
// Promises: documents come in batches, which are read one document at a time; a cursor that was read to its end, or
// failed, is closed. Leaves to others: what is asked (query.go, writes.go, indexes.go).

package quire

import (
	"iter"
	"runtime"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
	"github.com/tinylib/msgp/msgp"
)

const (
	// firstBatch is how many documents the first batch has at most: many loops end early.
	firstBatch = 101
	// batchBytes is about how large further batches are.
	batchBytes = 256 << 10
)

// Cursor gives documents one after the other. It is used by one goroutine at a time.
type Cursor[T any] struct {
	handle uint64
	call   *capi.Call
	batch  []byte
	// left is how many documents the batch still has.
	left     uint64
	wasRead  bool
	isClosed bool
}

// openCursor opens the cursor of a command.
func openCursor[T any](target func() (uint64, error), ask func(call *capi.Call) *request) (*Cursor[T], error) {
	call := capi.Take()
	err := func() error {
		handle, err := target()
		if err != nil {
			return err
		}
		made := ask(call)
		if made.err != nil {
			return made.err
		}
		return done(func() int32 { return capi.Find(handle, call) })
	}()
	if err != nil {
		call.Release()
		return nil, err
	}
	return &Cursor[T]{handle: call.Out.Handle, call: call}, nil
}

// Next gives the next document.
//
// Errors: ErrNoDocuments where there is none left, or the cursor was closed; ErrSnapshotTooOld; those of the query.
func (c *Cursor[T]) Next() (T, error) {
	var document T
	if c.left == 0 {
		if err := c.fetch(); err != nil {
			return document, err
		}
	}
	rest, err := c.call.Reader.Into(c.batch, &document)
	if err != nil {
		c.Close()
		return document, ofValue(err)
	}
	c.batch = rest
	c.left--
	return document, nil
}

// fetch reads the next batch. Errors: ErrNoDocuments at the end.
func (c *Cursor[T]) fetch() error {
	if c.isClosed {
		return ErrNoDocuments
	}
	most := uint64(0)
	if !c.wasRead {
		most = firstBatch
	}
	c.wasRead = true
	err := done(func() int32 { return capi.CursorNext(c.handle, most, batchBytes, c.call) })
	if err == nil && c.call.Out.Count == 0 {
		err = ErrNoDocuments
	}
	if err != nil {
		c.Close()
		return err
	}
	c.left = c.call.Out.Count
	c.batch = c.call.Out.Buffer.Bytes()
	return nil
}

// Close closes the cursor; Next gives ErrNoDocuments then. Closing twice is allowed.
func (c *Cursor[T]) Close() error {
	if c.isClosed {
		return nil
	}
	c.isClosed = true
	c.left = 0
	c.batch = nil
	c.call.Release()
	c.call = nil
	return done(func() int32 { return capi.CursorClose(c.handle) })
}

// closeWhenForgotten gives back what a cursor holds that nobody closed.
func (c *Cursor[T]) closeWhenForgotten() {
	runtime.AddCleanup(c, func(handle uint64) { capi.CursorClose(handle) }, c.handle)
}

// all iterates over a cursor that is opened for it.
func all[T any](open func() (*Cursor[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		cursor, err := open()
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		defer cursor.Close()
		for {
			document, err := cursor.Next()
			if err == ErrNoDocuments || !yield(document, err) || err != nil {
				return
			}
		}
	}
}

// slice reads a cursor that is opened for it to its end.
func slice[T any](open func() (*Cursor[T], error)) ([]T, error) {
	var documents []T
	for document, err := range all(open) {
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// runCommand asks a collection, and reads the reply into what reply points to; nil where nobody wants it.
func runCommand(of *source, call *capi.Call, made *request, durability Durability, reply any) error {
	handle, err := of.open()
	if err != nil {
		return err
	}
	return runOn(handle, call, made, durability, reply)
}

// runOn asks what a handle stands for.
func runOn(handle uint64, call *capi.Call, made *request, durability Durability, reply any) error {
	if made.err != nil {
		return made.err
	}
	err := done(func() int32 { return capi.Command(handle, int32(durability), call) })
	if err != nil || reply == nil {
		return err
	}
	if _, err := call.Reader.Into(call.Out.Buffer.Bytes(), reply); err != nil {
		return ofValue(err)
	}
	return nil
}

// valueOf runs a command whose reply has a document in its field value. Errors: ErrNoDocuments where that is null.
func valueOf[T any](of *source, call *capi.Call, made *request, durability Durability) (T, error) {
	var document T
	if err := runCommand(of, call, made, durability, nil); err != nil {
		return document, err
	}
	value := fieldOf(call.Out.Buffer.Bytes(), "value")
	if value == nil || msgp.IsNil(value) {
		return document, ErrNoDocuments
	}
	if _, err := call.Reader.Into(value, &document); err != nil {
		return document, ofValue(err)
	}
	return document, nil
}

// fieldOf is the value of a field of a map, with what follows it; nil where it has none.
func fieldOf(b []byte, name string) []byte {
	count, b, err := msgp.ReadMapHeaderBytes(b)
	for ; count > 0 && err == nil; count-- {
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			return nil
		}
		if string(key) == name {
			return b
		}
		b, err = msgp.Skip(b)
	}
	return nil
}
