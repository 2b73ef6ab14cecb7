// What a database tells of itself, and what keeps it well: figures, checks, copies, syncs, and its list of collections.
//
// Promises: calls that take a context return when it is done; the work that was begun goes on to its end by itself, as
// the engine does not stop in the midst of it. Leaves to others: what is checked and copied (the engine).

package quire

import (
	"context"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
)

// CollectionInfo is a collection and its size.
type CollectionInfo struct {
	Name string `quire:"name"`
	// IDs says how documents without _id get one: "ulid" or "integer".
	IDs string `quire:"ids"`
	// DocumentsBytes are the documents as they are stored; PagesCount has those of 4 KB that hold them.
	DocumentsCount int64 `quire:"documentsCount"`
	DocumentsBytes int64 `quire:"documentsBytes"`
	PagesCount     int64 `quire:"pagesCount"`
	// IndexBytes is the size of the index on _id when all of it is in memory.
	IndexBytes int64 `quire:"indexBytes"`
	// StructuresCount is how many shapes of documents have their names stored once.
	StructuresCount int64 `quire:"structuresCount"`
	// FalseVisitsCount is how often the lookup of an id met the document of another one.
	FalseVisitsCount int64 `quire:"falseVisitsCount"`
}

// Stats are counts and sizes of an open database.
type Stats struct {
	Collections []CollectionInfo `quire:"collections"`
	// PagesCount and FreePagesCount are of the data file, as the next checkpoint leaves it.
	PagesCount     int64 `quire:"pagesCount"`
	FreePagesCount int64 `quire:"freePagesCount"`
	// CacheBytes are pages in memory, DirtyBytes those that changed, VersionBytes older ones that somebody still reads.
	CacheBytes   int64 `quire:"cacheBytes"`
	DirtyBytes   int64 `quire:"dirtyBytes"`
	VersionBytes int64 `quire:"versionBytes"`
	// LogBytes are what a recovery would read.
	LogBytes int64 `quire:"logBytes"`
	// Sequence is the number of the last commit since the file was made.
	Sequence int64 `quire:"sequence"`
	// The others count since the database was opened.
	CommitsCount     int64 `quire:"commitsCount"`
	CheckpointsCount int64 `quire:"checkpointsCount"`
	PageLoadsCount   int64 `quire:"pageLoadsCount"`
}

// Problem is one thing that is wrong with a file.
type Problem struct {
	// Code is the engine's name of its kind.
	Code    string `quire:"code"`
	Message string `quire:"message"`
	// Page is where it is; nil where that is not known.
	Page *int64 `quire:"page,omitempty"`
}

// CheckReport is what Check found.
type CheckReport struct {
	// IsClean says that nothing is wrong.
	IsClean        bool  `quire:"isClean"`
	PagesCount     int64 `quire:"pagesCount"`
	DocumentsCount int64 `quire:"documentsCount"`
	// ProblemsCount is how many things are wrong; Problems has the first thousand.
	ProblemsCount int64     `quire:"problemsCount"`
	Problems      []Problem `quire:"problems"`
}

// BackupReport is what Backup copied.
type BackupReport struct {
	PagesCount       int64 `quire:"pagesCount"`
	Bytes            int64 `quire:"bytes"`
	CollectionsCount int64 `quire:"collectionsCount"`
	DocumentsCount   int64 `quire:"documentsCount"`
	// Sequence is the number of the last commit that the copy has.
	Sequence int64 `quire:"sequence"`
}

// CompactReport is what Compact did.
type CompactReport struct {
	// BytesBefore is the size of the file before, BytesAfter that behind it.
	BytesBefore int64 `quire:"bytesBefore"`
	BytesAfter  int64 `quire:"bytesAfter"`
	// Moved are the collections that were put into new pages, Left those that could not be.
	Moved []string `quire:"moved"`
	Left  []string `quire:"left"`
}

// SalvageReport is what Salvage found.
type SalvageReport struct {
	// DocumentsCount is how many documents are in the new file.
	DocumentsCount int64 `quire:"documentsCount"`
	// ProblemsCount is how many things could not be read; Problems has the first thousand.
	ProblemsCount int64     `quire:"problemsCount"`
	Problems      []Problem `quire:"problems"`
}

// Version is the release of the engine's library.
//
// Errors: ErrNoLibrary.
func Version() (string, error) {
	if err := loaded(); err != nil {
		return "", err
	}
	return capi.Version(), nil
}

// Stats gives counts and sizes.
func (db *DB) Stats() (Stats, error) {
	return reportOf[Stats](func(call *capi.Call) int32 { return capi.Stats(db.handle, call) })
}

// ListCollections lists the collections with their sizes.
func (db *DB) ListCollections() ([]CollectionInfo, error) {
	return reportOf[[]CollectionInfo](func(call *capi.Call) int32 { return capi.Collections(db.handle, call) })
}

// CollectionOptions are the options of CreateCollection.
type CollectionOptions struct {
	// IDs says how documents without _id get one: "ulid", the default, or "integer".
	IDs string
}

// CreateCollection makes an empty collection. A first write makes one as well.
//
// Errors: ErrCollectionExists, ErrInvalidName, ErrInvalidArgument, ErrReadOnly, ErrLimitExceeded.
func (db *DB) CreateCollection(name string, options ...CollectionOptions) error {
	given, err := only(options)
	if err != nil {
		return err
	}
	call := capi.Take()
	defer call.Release()
	made := newMap(call)
	if given.IDs != "" {
		made.put("ids", given.IDs)
	}
	if made.err != nil {
		return made.err
	}
	return done(func() int32 { return capi.CreateCollection(db.handle, name, made.bytes()) })
}

// DropCollection removes a collection with its documents and indexes, and says whether there was one.
func (db *DB) DropCollection(name string) (bool, error) {
	call := capi.Take()
	defer call.Release()
	err := done(func() int32 { return capi.DropCollection(db.handle, name, call) })
	return call.Out.Found && err == nil, err
}

// RenameCollection gives a collection another name, which no collection has.
//
// Errors: ErrCollectionNotFound, ErrCollectionExists, ErrInvalidName.
func (db *DB) RenameCollection(from, to string) error {
	return done(func() int32 { return capi.RenameCollection(db.handle, from, to) })
}

// ExpireDocuments deletes the documents that have expired by an index with ExpireAfterSeconds, as the engine does from
// time to time, and says how many.
func (db *DB) ExpireDocuments() (int64, error) {
	call := capi.Take()
	defer call.Release()
	if err := done(func() int32 { return capi.Expire(db.handle, call) }); err != nil {
		return 0, err
	}
	return int64(call.Out.Count), nil
}

// Sync waits until everything committed so far is on disk.
//
// Errors: those of the context; ErrIO, ErrPoisoned.
func (db *DB) Sync(ctx context.Context) error {
	return waiting(ctx, func() error {
		return done(func() int32 { return capi.Sync(db.handle) })
	})
}

// Checkpoint writes everything to the data file and gives the log's space back.
//
// Errors: those of the context; ErrDiskFull, ErrIO, ErrPoisoned.
func (db *DB) Checkpoint(ctx context.Context) error {
	return waiting(ctx, func() error {
		return done(func() int32 { return capi.Checkpoint(db.handle) })
	})
}

// Check compares all that the database says of itself. Damage is in the report, and is no error. Commits wait meanwhile.
//
// Errors: those of the context; ErrIO.
func (db *DB) Check(ctx context.Context) (CheckReport, error) {
	return reportAfter[CheckReport](ctx, func(call *capi.Call) int32 { return capi.Check(db.handle, call) })
}

// Backup copies everything committed so far to a new database at path, while others read and write.
//
// Errors: those of the context; ErrCannotOpen, ErrDiskFull, ErrIO, ErrCorrupted.
func (db *DB) Backup(ctx context.Context, path string) (BackupReport, error) {
	return reportAfter[BackupReport](ctx, func(call *capi.Call) int32 { return capi.Backup(db.handle, path, call) })
}

// Compact takes the room out of the file that deletes and updates left, while others read and write.
//
// Errors: those of the context; ErrReadOnly, ErrDiskFull, ErrIO, ErrCorrupted.
func (db *DB) Compact(ctx context.Context) (CompactReport, error) {
	return reportAfter[CompactReport](ctx, func(call *capi.Call) int32 { return capi.Compact(db.handle, call) })
}

// Salvage copies every document that can be read from a damaged database, which is not open, to a new one.
//
// Errors: those of the context; ErrCannotOpen, ErrLocked, ErrNotADatabase, ErrDiskFull, ErrIO, ErrNoLibrary.
func Salvage(ctx context.Context, from, to string) (SalvageReport, error) {
	if err := loaded(); err != nil {
		return SalvageReport{}, err
	}
	return reportAfter[SalvageReport](ctx, func(call *capi.Call) int32 { return capi.Salvage(from, to, call) })
}

// reportOf makes a call, and reads its reply.
func reportOf[R any](ask func(call *capi.Call) int32) (R, error) {
	var report R
	call := capi.Take()
	defer call.Release()
	if err := done(func() int32 { return ask(call) }); err != nil {
		return report, err
	}
	if _, err := call.Reader.Into(call.Out.Buffer.Bytes(), &report); err != nil {
		return report, ofValue(err)
	}
	return report, nil
}

// reportAfter is reportOf for a call that takes its time.
func reportAfter[R any](ctx context.Context, ask func(call *capi.Call) int32) (R, error) {
	reports := make(chan R, 1)
	err := waiting(ctx, func() error {
		report, err := reportOf[R](ask)
		reports <- report
		return err
	})
	if err != nil {
		var none R
		return none, err
	}
	return <-reports, nil
}

// waiting does work that takes its time; where the context is done before, it goes on by itself.
func waiting(ctx context.Context, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Done() == nil {
		return work()
	}
	finished := make(chan error, 1)
	go func() { finished <- work() }()
	select {
	case err := <-finished:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
