// Change streams: what is committed, one event after the other.
//
// Promises: events come after their commit, in the order of commits, each once. A wait holds a thread of its own. A
// context that is cancelled ends the stream; one whose deadline passes leaves it open. Leaves to others: what is told and
// how long it is kept (docs/CHANGES.md of the repository).

package quire

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
	"github.com/quiredb/quiredb/bindings/go/internal/pack"
)

// eventsBytes is about how large a batch of events is.
const eventsBytes = 256 << 10

// WatchOptions are the options of Watch.
type WatchOptions struct {
	// ResumeAfter tells what follows this token first; it is not one of an "invalidate" event.
	ResumeAfter string
	// StartAfter is as ResumeAfter, with any token.
	StartAfter string
	// FullDocument gives updates the whole document as the commit left it, not only what changed.
	FullDocument bool
	// Durable tells only what is on disk, a sync later.
	Durable bool
}

// Event is one change. Which fields it has depends on its type: docs/CHANGES.md of the repository.
type Event[T any] struct {
	// ID is the place behind this change, to resume from.
	ID string `quire:"_id"`
	// OperationType is "insert", "update", "replace", "delete", "clear", "drop", "rename" or "invalidate".
	OperationType     string             `quire:"operationType"`
	Namespace         *Namespace         `quire:"ns,omitempty"`
	To                *Namespace         `quire:"to,omitempty"`
	DocumentKey       *DocumentKey       `quire:"documentKey,omitempty"`
	FullDocument      *T                 `quire:"fullDocument,omitempty"`
	UpdateDescription *UpdateDescription `quire:"updateDescription,omitempty"`
	Commit            EventCommit        `quire:"commit"`
}

// Namespace names a collection.
type Namespace struct {
	Collection string `quire:"coll"`
}

// DocumentKey names a document.
type DocumentKey struct {
	ID any `quire:"_id"`
}

// UpdateDescription is what an update changed, by dotted paths.
type UpdateDescription struct {
	UpdatedFields   Document         `quire:"updatedFields"`
	RemovedFields   []string         `quire:"removedFields"`
	TruncatedArrays []TruncatedArray `quire:"truncatedArrays"`
}

// TruncatedArray is an array that was cut at its end.
type TruncatedArray struct {
	Field   string `quire:"field"`
	NewSize int64  `quire:"newSize"`
}

// EventCommit is the commit that a change is of.
type EventCommit struct {
	// Sequence is the number of the commit: larger ones came later.
	Sequence int64 `quire:"sequence"`
	// Index is the number of the change in its commit, from 0.
	Index int64 `quire:"index"`
	// IsLast says that no change of the commit follows that the stream could tell.
	IsLast bool `quire:"isLast"`
}

// Stream is an open change stream. One goroutine at a time reads it; any may close it.
//
// Errors of reading: ErrOverflow when it was read too slowly (go on by ResumeAfter), ErrHistoryLost, ErrCorrupted, ErrIO,
// and ErrClosed behind its end, or when the database was closed. The stream is closed then.
type Stream[T any] struct {
	handle   uint64
	isClosed atomic.Bool
	// reading is held by who reads, also while it waits.
	reading sync.Mutex
	// failure is what reading ended with; errOver where that is no failure. It is the reader's.
	failure error
	// mutex guards what follows; nobody waits while it is held.
	mutex  sync.Mutex
	events []Event[T]
	// token is the place behind the last event that was handed out; behind the last batch it is after.
	token, after string
}

// errOver says that nothing follows: the stream was closed, or told its last event.
var errOver = errors.New("the change stream is over")

// Watch opens a stream of what is committed to the collection from now on. The filter is on the event: a document, or a
// pipeline of $match stages; nil for all.
//
// Errors: ErrInvalidFilter, ErrInvalidArgument, ErrHistoryLost, ErrInvalidName.
func (c *Collection[T]) Watch(filter any, options ...WatchOptions) (*Stream[T], error) {
	if err := c.alone("Watch"); err != nil {
		return nil, err
	}
	return openStream[T](c.of.database, c.of.name, filter, options)
}

// Watch opens a stream of what is committed to any collection from now on.
func (db *DB) Watch(filter any, options ...WatchOptions) (*Stream[Document], error) {
	return openStream[Document](db, "", filter, options)
}

func openStream[T any](db *DB, collection string, filter any, options []WatchOptions) (*Stream[T], error) {
	given, err := only(options)
	if err != nil {
		return nil, err
	}
	if filter, err = eventFilter(filter); err != nil {
		return nil, err
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, "watch")
	if collection != "" {
		made.put("collection", collection)
	}
	made.filter(filter)
	if given.ResumeAfter != "" {
		made.put("resumeAfter", given.ResumeAfter)
	}
	if given.StartAfter != "" {
		made.put("startAfter", given.StartAfter)
	}
	made.maybe("fullDocument", given.FullDocument)
	made.maybe("durable", given.Durable)
	if made.err != nil {
		return nil, made.err
	}
	if err := done(func() int32 { return capi.Watch(db.handle, made.bytes(), call) }); err != nil {
		return nil, err
	}
	stream := &Stream[T]{handle: call.Out.Handle}
	stream.after, err = stream.position(call)
	stream.token = stream.after
	runtime.AddCleanup(stream, func(handle uint64) { capi.WatchClose(handle) }, stream.handle)
	return stream, err
}

// eventFilter is one filter of a filter or a pipeline of $match stages.
func eventFilter(filter any) (any, error) {
	bytes, err := pack.Append(nil, filter)
	if err != nil {
		return nil, ofValue(err)
	}
	var reader pack.Reader
	read, _, err := reader.Any(bytes)
	if err != nil {
		return nil, ofValue(err)
	}
	stages, is := read.([]any)
	if !is {
		return filter, nil
	}
	filters := make([]any, len(stages))
	for index, stage := range stages {
		fields, _ := stage.(Document)
		match, is := fields["$match"]
		if !is || len(fields) != 1 {
			return nil, failure(ErrInvalidArgument, "a change stream takes $match stages only")
		}
		filters[index] = match
	}
	if len(filters) == 0 {
		return nil, nil
	}
	return Document{"$and": filters}, nil
}

// Next gives the next event, and waits for it. A context that is cancelled ends the stream; one whose deadline passes
// leaves it open.
//
// Errors: those of the context; those of a Stream.
func (s *Stream[T]) Next(ctx context.Context) (*Event[T], error) {
	for {
		if err := ctx.Err(); err != nil {
			if errors.Is(err, context.Canceled) {
				s.Close()
			}
			return nil, err
		}
		event, err := s.read(ctx)
		if err == errOver {
			return nil, ErrClosed
		}
		if err != nil || event != nil {
			return event, err
		}
	}
}

// TryNext gives the next event that is there already; nil where there is none now, or the stream is over.
func (s *Stream[T]) TryNext() (*Event[T], error) {
	event, err := s.read(nil)
	if err == errOver {
		return nil, nil
	}
	return event, err
}

// Events iterates over the events, and waits for each; it ends, and closes the stream, with the loop, an error, or the
// end of the stream.
func (s *Stream[T]) Events(ctx context.Context) iter.Seq2[*Event[T], error] {
	return func(yield func(*Event[T], error) bool) {
		defer s.Close()
		for {
			event, err := s.Next(ctx)
			if err == ErrClosed || !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// ResumeToken is the place behind the last event that was handed out, and behind what the filter left out since.
func (s *Stream[T]) ResumeToken() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.events) > 0 {
		return s.token
	}
	return s.after
}

// Close ends the stream; who waits for an event gets ErrClosed. Closing twice is allowed.
func (s *Stream[T]) Close() error {
	s.isClosed.Store(true)
	// Not under the lock: a reader that waits holds it.
	return done(func() int32 { return capi.WatchClose(s.handle) })
}

// read gives an event of the batch, or of a new one; without a context it does not wait. It is nil where none came.
func (s *Stream[T]) read(ctx context.Context) (*Event[T], error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if event := s.take(); event != nil {
		return event, nil
	}
	if s.failure == nil {
		s.failure = s.fetch(ctx)
	}
	if event := s.take(); event != nil {
		return event, nil
	}
	return nil, s.failure
}

// take gives the next event of the batch; nil where it has none left.
func (s *Stream[T]) take() *Event[T] {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.events) == 0 {
		return nil
	}
	event := &s.events[0]
	s.events = s.events[1:]
	s.token = event.ID
	return event
}

// fetch reads the events that are there, or waits for the first one.
func (s *Stream[T]) fetch(ctx context.Context) error {
	call := capi.Take()
	defer call.Release()
	timeout := int64(0)
	if ctx != nil {
		timeout = -1
		if deadline, is := ctx.Deadline(); is {
			timeout = max(0, milliseconds(time.Until(deadline)))
		}
		stop := context.AfterFunc(ctx, func() {
			if errors.Is(ctx.Err(), context.Canceled) {
				s.Close()
			}
		})
		defer stop()
	}
	err := done(func() int32 { return capi.WatchNext(s.handle, 0, eventsBytes, timeout, call) })
	if err != nil {
		return s.ended(ctx, err)
	}
	bytes := call.Out.Buffer.Bytes()
	events := make([]Event[T], call.Out.Count)
	for index := range events {
		if bytes, err = call.Reader.Into(bytes, &events[index]); err != nil {
			capi.WatchClose(s.handle)
			return ofValue(err)
		}
	}
	token, err := s.position(call)
	last := len(events) - 1
	if err != nil && last >= 0 {
		// The stream ended with its last event.
		token, err = events[last].ID, errOver
	}
	if token != "" {
		s.mutex.Lock()
		s.events, s.after = events, token
		s.mutex.Unlock()
	}
	if err != nil && err != errOver {
		return s.ended(ctx, err)
	}
	return err
}

// ended is the error of a stream that can be read no more.
func (s *Stream[T]) ended(ctx context.Context, err error) error {
	switch {
	case !s.isClosed.Load():
		capi.WatchClose(s.handle)
		return err
	case ctx != nil && ctx.Err() != nil:
		return ctx.Err()
	}
	return errOver
}

// position asks for the token behind everything that was read.
func (s *Stream[T]) position(call *capi.Call) (string, error) {
	if err := done(func() int32 { return capi.WatchToken(s.handle, call) }); err != nil {
		return "", err
	}
	var token string
	if _, err := call.Reader.Into(call.Out.Buffer.Bytes(), &token); err != nil {
		return "", ofValue(err)
	}
	return token, nil
}
