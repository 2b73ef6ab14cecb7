// A database as a whole: opening, closing, options, figures, checks, copies, and contexts that are done.
//
// Leaves to others: what is checked and saved (the engine's tests), the search for the library (library_test.go).

package quire_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	quire "github.com/quiredb/quiredb/bindings/go"
)

func TestWhatWasWrittenIsThereAfterClosing(t *testing.T) {
	path := newPath(t)
	db := opened(t, path)
	withUsers(t, db)
	succeeds(t, db.Close())
	succeeds(t, db.Close())
	again := opened(t, path)
	if user := must(quire.CollectionOf[user](again, "users").Get("ada"))(t); user.Name != "Ada" || again.Path() != path {
		t.Errorf("found %+v in %s", user, again.Path())
	}
}

func TestAClosedDatabaseRefusesEveryCall(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	cursor := must(users.Find(nil).Cursor())(t)
	tx := must(db.Begin())(t)
	succeeds(t, db.Close())
	_, err := users.Get("ada")
	failsWith(t, err, quire.ErrClosed)
	_, err = db.Collection("others").InsertOne(quire.Document{})
	failsWith(t, err, quire.ErrClosed)
	_, err = db.Stats()
	failsWith(t, err, quire.ErrClosed)
	_, err = cursor.Next()
	failsWith(t, err, quire.ErrClosed)
	if err := tx.Commit(); !errors.Is(err, quire.ErrTransactionEnded) && !errors.Is(err, quire.ErrClosed) {
		t.Errorf("a commit behind the end gave %v", err)
	}
}

func TestOptionsReachTheEngine(t *testing.T) {
	_, err := quire.Open(newPath(t), quire.Options{MustExist: true})
	failsWith(t, err, quire.ErrCannotOpen)
	_, err = quire.Open(":memory:", quire.Options{CacheSize: 1})
	failsWith(t, err, quire.ErrInvalidArgument)
	_, err = quire.Open(":memory:", quire.Options{}, quire.Options{})
	failsWith(t, err, quire.ErrInvalidArgument)
	path := newPath(t)
	succeeds(t, opened(t, path).Close())
	reader := opened(t, path, quire.Options{ReadOnly: true, Durability: quire.Lazy, SyncInterval: time.Second,
		LockWait: -1, TTLInterval: -1, WatchSize: -1, Log: "write", DocumentBytesMax: 1000, CheckpointLogSize: 1 << 20})
	_, err = reader.Collection("x").InsertOne(quire.Document{})
	failsWith(t, err, quire.ErrReadOnly)
	small := opened(t, ":memory:", quire.Options{DocumentBytesMax: 100})
	_, err = small.Collection("x").InsertOne(quire.Document{"data": make([]byte, 200)})
	failsWith(t, err, quire.ErrDocumentTooLarge)
}

// TestAnotherProcessIsLockedOut starts itself as the other process.
func TestAnotherProcessIsLockedOut(t *testing.T) {
	if path := os.Getenv("QUIRE_TEST_LOCKED"); path != "" {
		_, err := quire.Open(path)
		failsWith(t, err, quire.ErrLocked)
		return
	}
	path := newPath(t)
	opened(t, path)
	other := exec.Command(os.Args[0], "-test.run=^TestAnotherProcessIsLockedOut$")
	other.Env = append(os.Environ(), "QUIRE_TEST_LOCKED="+path)
	if output, err := other.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

func TestCollectionsAreMadeListedRenamedAndDropped(t *testing.T) {
	db := inMemory(t)
	succeeds(t, db.CreateCollection("numbered", quire.CollectionOptions{IDs: "integer"}))
	failsWith(t, db.CreateCollection("numbered"), quire.ErrCollectionExists)
	failsWith(t, db.CreateCollection("other", quire.CollectionOptions{IDs: "nope"}), quire.ErrInvalidArgument)
	if id := must(db.Collection("numbered").InsertOne(quire.Document{}))(t).InsertedID; id != int64(1) {
		t.Errorf("the first id is %v", id)
	}
	succeeds(t, db.Collection("numbered").Rename("counted"))
	failsWith(t, db.RenameCollection("numbered", "more"), quire.ErrCollectionNotFound)
	list := must(db.ListCollections())(t)
	if len(list) != 1 || list[0].Name != "counted" || list[0].IDs != "integer" || list[0].DocumentsCount != 1 {
		t.Errorf("there are %+v", list)
	}
	if was := must(db.Collection("counted").Drop())(t); !was {
		t.Error("it was not there")
	}
	if was := must(db.DropCollection("counted"))(t); was {
		t.Error("it was there twice")
	}
	_, err := db.Collection("").InsertOne(quire.Document{})
	failsWith(t, err, quire.ErrInvalidName)
}

func TestFiguresChecksAndCopiesAgree(t *testing.T) {
	ctx := context.Background()
	path := newPath(t)
	db := opened(t, path)
	withUsers(t, db)
	succeeds(t, db.Sync(ctx))
	succeeds(t, db.Checkpoint(ctx))
	stats := must(db.Stats())(t)
	report := must(db.Check(ctx))(t)
	if !report.IsClean || report.DocumentsCount != 3 || stats.Collections[0].DocumentsCount != 3 || stats.CommitsCount == 0 {
		t.Errorf("the figures are %+v, the check says %+v", stats, report)
	}
	compacted := must(db.Compact(ctx))(t)
	if compacted.BytesAfter == 0 || compacted.BytesAfter > compacted.BytesBefore || len(compacted.Left) != 0 {
		t.Errorf("the compaction says %+v", compacted)
	}
	copied := filepath.Join(t.TempDir(), "copy.quire")
	if backup := must(db.Backup(ctx, copied))(t); backup.DocumentsCount != 3 || backup.CollectionsCount != 1 {
		t.Errorf("the backup has %+v", backup)
	}
	if user := must(quire.CollectionOf[user](opened(t, copied), "users").Get("ada"))(t); user.Name != "Ada" {
		t.Errorf("the backup has %+v", user)
	}
	succeeds(t, db.Close())
	saved := filepath.Join(t.TempDir(), "saved.quire")
	if salvage := must(quire.Salvage(ctx, path, saved))(t); salvage.DocumentsCount != 3 || salvage.ProblemsCount != 0 {
		t.Errorf("salvage saved %+v", salvage)
	}
	_, err := quire.Salvage(ctx, path, saved)
	failsWith(t, err, quire.ErrInvalidArgument)
	_, err = quire.Salvage(ctx, newPath(t), newPath(t))
	failsWith(t, err, quire.ErrCannotOpen)
}

func TestDamageIsToldWithItsPage(t *testing.T) {
	path := newPath(t)
	db := opened(t, path)
	users := db.Collection("users")
	documents := make([]quire.Document, 1000)
	for index := range documents {
		documents[index] = quire.Document{"_id": index, "text": "some text that takes its room"}
	}
	must(users.InsertMany(documents))(t)
	succeeds(t, db.Close())
	bytes := must(os.ReadFile(path))(t)
	for at := 3 * 4096; at < len(bytes); at++ {
		bytes[at] = ^bytes[at]
	}
	succeeds(t, os.WriteFile(path, bytes, 0o600))
	db, err := quire.Open(path)
	if err == nil {
		defer db.Close()
		_, err = db.Collection("users").Find(nil).Slice()
	}
	failsWith(t, err, quire.ErrCorrupted)
	var told *quire.Error
	if !errors.As(err, &told) || told.Page < 0 {
		t.Errorf("the error has no page: %v", err)
	}
}

func TestAContextThatIsDoneEndsTheWait(t *testing.T) {
	db := opened(t, newPath(t))
	withUsers(t, db)
	cancelled, cancel := context.WithCancel(context.Background())
	succeeds(t, db.Sync(cancelled))
	succeeds(t, db.Checkpoint(cancelled))
	must(db.Check(cancelled))(t)
	cancel()
	failsWith(t, db.Sync(cancelled), context.Canceled)
	failsWith(t, db.Checkpoint(cancelled), context.Canceled)
	_, err := db.Check(cancelled)
	failsWith(t, err, context.Canceled)
	_, err = db.Backup(cancelled, newPath(t))
	failsWith(t, err, context.Canceled)
	failsWith(t, db.Transaction(cancelled, func(*quire.Tx) error { return nil }), context.Canceled)
}

func TestExpiredDocumentsGoWhenTheyAreAskedTo(t *testing.T) {
	db := opened(t, ":memory:", quire.Options{TTLInterval: -1})
	seconds := int64(0)
	sessions := db.Collection("sessions")
	must(sessions.CreateIndex("at", quire.IndexOptions{ExpireAfterSeconds: &seconds}))(t)
	must(sessions.InsertMany([]quire.Document{{"at": time.Now().Add(-time.Hour)}, {"at": time.Now().Add(time.Hour)}}))(t)
	if count := must(db.ExpireDocuments())(t); count != 1 {
		t.Errorf("%d expired", count)
	}
}

func TestTheLibraryTellsItsRelease(t *testing.T) {
	if version := must(quire.Version())(t); version == "" {
		t.Error("it has none")
	}
	if text := quire.Code(39).String(); text != "FORKED" {
		t.Errorf("code 39 is %s", text)
	}
	if text := quire.Code(9999).Error(); text != "quire: status 9999" {
		t.Errorf("a code that is none is %s", text)
	}
}
