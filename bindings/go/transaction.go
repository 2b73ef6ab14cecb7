// Transactions: several writes, in several collections, that happen together or not at all.
//
// A transaction reads the moment of its beginning and its own writes; nobody else sees these before it commits.
// Promises: a function that returns nil commits, one that returns an error or panics rolls back; one that met a
// conflict is run again. Leaves to others: locks and conflicts (the engine).

package quire

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
)

// retriesDefault is how often a function is run again after a conflict.
const retriesDefault = 10

// TransactionOptions are the options of Transaction and Begin.
type TransactionOptions struct {
	// Durability of the commit.
	Durability Durability
	// Collections will be written. They are held from the start, so that no conflict can follow on them.
	Collections []string
	// Retries is how often the function is run again after ErrConflict; 10 by default, negative for never.
	Retries int
}

// Tx is an open transaction. Several goroutines may use it, one at a time: the others get ErrBusy.
type Tx struct {
	database *DB
	handle   uint64
	mutex    sync.Mutex
	sources  map[string]*source
}

// Transaction runs a function in a transaction: it commits when the function returns nil, rolls back when it returns an
// error or panics, and runs the function again when another transaction changed what this one read. The function should
// do nothing but work on the database, by tx.
//
// The goroutine stays on its thread meanwhile, so that a write outside of tx that would wait for tx itself is ErrBusy at
// once. A context that is done rolls back before the commit, and ends the runs.
//
// Errors: those of the function and of the context; ErrConflict after the last run, ErrBusy, ErrTransactionTooLarge,
// ErrDiskFull, ErrIO, ErrPoisoned, ErrClosed.
func (db *DB) Transaction(ctx context.Context, run func(tx *Tx) error, options ...TransactionOptions) error {
	given, err := only(options)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	retries := given.Retries
	if retries == 0 {
		retries = retriesDefault
	}
	for ; ; retries-- {
		err := db.try(ctx, run, given)
		if retries <= 0 || !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

// try runs a function in a transaction, once.
func (db *DB) try(ctx context.Context, run func(tx *Tx) error, options TransactionOptions) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := db.begin(options, false)
	if err != nil {
		return err
	}
	isOver := false
	defer func() {
		if !isOver {
			tx.abandon()
		}
	}()
	if err := run(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	isOver = true
	// A function may have ended the transaction itself.
	if err := tx.Commit(); err != nil && !errors.Is(err, ErrTransactionEnded) {
		tx.abandon()
		return err
	}
	return nil
}

// Begin begins a transaction, which its caller ends by Commit or Rollback. Writes outside of it, also of the same
// goroutine, wait for the collections that it has written, and are ErrBusy in the end.
//
// Errors: ErrInvalidName, ErrBusy, ErrReadOnly where collections are given, ErrClosed.
func (db *DB) Begin(options ...TransactionOptions) (*Tx, error) {
	given, err := only(options)
	if err != nil {
		return nil, err
	}
	return db.begin(given, true)
}

func (db *DB) begin(options TransactionOptions, isOfAnyThread bool) (*Tx, error) {
	call := capi.Take()
	defer call.Release()
	made := newMap(call)
	if options.Durability != DefaultDurability {
		made.put("durability", options.Durability.String())
	}
	made.maybe("collections", options.Collections)
	made.maybe("anyThread", isOfAnyThread)
	if made.err != nil {
		return nil, made.err
	}
	err := done(func() int32 { return capi.Begin(db.handle, made.bytes(), call) })
	if err != nil {
		return nil, err
	}
	return &Tx{database: db, handle: call.Out.Handle, sources: map[string]*source{}}, nil
}

// Collection is a collection as the transaction sees it, of documents without a type of their own.
func (tx *Tx) Collection(name string) *Collection[Document] {
	return CollectionOf[Document](tx, name)
}

func (tx *Tx) source(name string) *source {
	tx.mutex.Lock()
	defer tx.mutex.Unlock()
	found, is := tx.sources[name]
	if !is {
		found = &source{database: tx.database, transaction: tx.handle, name: name}
		tx.sources[name] = found
	}
	return found
}

// Commit makes all writes part of the database. After an error they are rolled back.
//
// Errors: ErrConflict, ErrTransactionEnded, ErrDiskFull, ErrIO, ErrPoisoned, ErrClosed; ErrBusy while another goroutine
// is inside: the transaction is still open then.
func (tx *Tx) Commit() error {
	return done(func() int32 { return capi.Commit(tx.handle) })
}

// Rollback forgets all writes.
//
// Errors: ErrTransactionEnded.
func (tx *Tx) Rollback() error {
	return done(func() int32 { return capi.Rollback(tx.handle) })
}

// abandon rolls back unless the transaction has ended.
func (tx *Tx) abandon() {
	capi.Rollback(tx.handle)
}
