// A database: opening and closing it, and its collections.
//
// Promises: a DB and everything opened from it may be used by any number of goroutines; closing twice is allowed.
// Leaves to others: documents (collection.go), figures and upkeep (upkeep.go), transactions (transaction.go).

package quire

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
)

// Options are the options of Open. The zero value of each is its default.
type Options struct {
	// Durability of commits that do not say otherwise; Process by default.
	Durability Durability
	// SyncInterval is the longest time until a commit is on disk; 100 ms by default.
	SyncInterval time.Duration
	// CacheSize is how many bytes of memory pages may take; 1 GiB by default, taken only as pages are used.
	CacheSize int64
	// ReadOnly refuses every write; several processes may read one file.
	ReadOnly bool
	// MustExist refuses to make the file.
	MustExist bool
	// DocumentBytesMax is the size of the largest document; 16 MiB by default.
	DocumentBytesMax int64
	// LockWait is how long a write waits for a collection that an open transaction holds; 5 s by default, negative for
	// not at all.
	LockWait time.Duration
	// Log is how small commits get into the log: "mapped", the default, or "write".
	Log string
	// CheckpointLogSize is how many bytes of log start a checkpoint; 64 MiB by default.
	CheckpointLogSize int64
	// WatchSize is how many bytes the newest changes may take; 16 MiB by default, negative for none.
	WatchSize int64
	// TTLInterval is the time between looks for expired documents; a minute by default, negative for never.
	TTLInterval time.Duration
}

// encode appends the options as the engine takes them.
func (o Options) encode(call *capi.Call) (*request, error) {
	made := newMap(call)
	if o.Durability != DefaultDurability {
		made.put("durability", o.Durability.String())
	}
	numbers := []struct {
		name   string
		number int64
	}{
		{"syncInterval", milliseconds(o.SyncInterval)},
		{"cacheSize", o.CacheSize},
		{"documentBytesMax", o.DocumentBytesMax},
		{"lockWait", milliseconds(o.LockWait)},
		{"checkpointLogSize", o.CheckpointLogSize},
		{"watchSize", o.WatchSize},
		{"ttlInterval", milliseconds(o.TTLInterval)},
	}
	for _, option := range numbers {
		switch {
		case option.number > 0:
			made.put(option.name, option.number)
		case option.number < 0:
			made.put(option.name, 0)
		}
	}
	if o.ReadOnly {
		made.put("readOnly", true)
	}
	if o.MustExist {
		made.put("create", false)
	}
	if o.Log != "" {
		made.put("log", o.Log)
	}
	return made, made.err
}

// milliseconds rounds away from zero, so that no wait becomes the default.
func milliseconds(duration time.Duration) int64 {
	switch {
	case duration > 0:
		return int64((duration + time.Millisecond - 1) / time.Millisecond)
	case duration < 0:
		return -1
	}
	return 0
}

// DB is an open database.
type DB struct {
	handle  uint64
	path    string
	mutex   sync.Mutex
	sources map[string]*source
}

// Open opens the database at path, or makes it; ":memory:" is one without a file. At most one Options is taken.
//
// Errors: ErrCannotOpen, ErrLocked, ErrNotADatabase, ErrUnsupportedFormat, ErrCorrupted, ErrInvalidArgument, ErrIO,
// ErrNoLibrary.
func Open(path string, options ...Options) (*DB, error) {
	if err := loaded(); err != nil {
		return nil, err
	}
	given, err := only(options)
	if err != nil {
		return nil, err
	}
	call := capi.Take()
	defer call.Release()
	made, err := given.encode(call)
	if err != nil {
		return nil, err
	}
	if err := done(func() int32 { return capi.Open(path, made.bytes(), call) }); err != nil {
		return nil, err
	}
	return &DB{handle: call.Out.Handle, path: path, sources: map[string]*source{}}, nil
}

// Path is the path that the database was opened by.
func (db *DB) Path() string { return db.path }

// Close closes the database and everything that was opened from it; open transactions are rolled back. The database
// is closed also where this fails.
//
// Errors: ErrIO, ErrDiskFull, ErrPoisoned.
func (db *DB) Close() error {
	return done(func() int32 { return capi.Close(db.handle) })
}

// Collection is a collection of documents without a type of their own; CollectionOf gives one with a type. Its first
// write makes it.
func (db *DB) Collection(name string) *Collection[Document] {
	return CollectionOf[Document](db, name)
}

// source gives the database's own view of a collection.
func (db *DB) source(name string) *source {
	db.mutex.Lock()
	defer db.mutex.Unlock()
	found, is := db.sources[name]
	if !is {
		found = &source{database: db, name: name}
		db.sources[name] = found
	}
	return found
}

// Source is where a collection is looked at: a *DB, where every call commits by itself, or a *Tx.
type Source interface {
	source(name string) *source
}

// source is a collection, by itself or as a transaction sees it. It is opened when it is first used.
type source struct {
	database *DB
	// transaction is the handle of the transaction that it is part of; 0 for none.
	transaction uint64
	name        string
	mutex       sync.Mutex
	handle      atomic.Uint64
}

// open gives the collection's handle.
func (s *source) open() (uint64, error) {
	if handle := s.handle.Load(); handle != 0 {
		return handle, nil
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if handle := s.handle.Load(); handle != 0 {
		return handle, nil
	}
	call := capi.Take()
	defer call.Release()
	err := done(func() int32 {
		if s.transaction != 0 {
			return capi.TransactionCollection(s.transaction, s.name, call)
		}
		return capi.Collection(s.database.handle, s.name, call)
	})
	if err != nil {
		return 0, err
	}
	s.handle.Store(call.Out.Handle)
	return call.Out.Handle, nil
}

// done makes a call, and gives its failure. The thread is kept for the failure's text, which is the thread's own.
func done(call func() int32) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if status := call(); status != 0 {
		return lastError(status)
	}
	return nil
}

// loaded loads the library. Errors: ErrNoLibrary.
func loaded() error {
	if err := capi.Load(); err != nil {
		return failure(ErrNoLibrary, "%v", err)
	}
	return nil
}

// only is the one element of a list of options; the zero value where there is none. Errors: ErrInvalidArgument.
func only[O any](options []O) (O, error) {
	var one O
	switch len(options) {
	case 0:
		return one, nil
	case 1:
		return options[0], nil
	}
	return one, failure(ErrInvalidArgument, "a call takes its options once, not %d times", len(options))
}
