// What the tests of this package share: a database, and checks of errors.
//
// Leaves to others: everything that is tested.

package quire_test

import (
	"errors"
	"path/filepath"
	"testing"

	quire "github.com/quiredb/quiredb/bindings/go"
)

// user is a document with a type.
type user struct {
	ID   string   `quire:"_id,omitempty"`
	Name string   `quire:"name"`
	Age  int      `quire:"age"`
	Tags []string `quire:"tags,omitempty"`
}

// inMemory opens a database without a file.
func inMemory(t testing.TB) *quire.DB {
	t.Helper()
	return opened(t, ":memory:")
}

// opened opens a database that the test closes.
func opened(t testing.TB, path string, options ...quire.Options) *quire.DB {
	t.Helper()
	db, err := quire.Open(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// newPath is the path of a file that is not there.
func newPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "test.quire")
}

// withUsers has Ada, Grace and Linus, by their names.
func withUsers(t testing.TB, db *quire.DB) *quire.Collection[user] {
	t.Helper()
	users := quire.CollectionOf[user](db, "users")
	_, err := users.InsertMany([]user{{"ada", "Ada", 36, nil}, {"grace", "Grace", 45, nil}, {"linus", "Linus", 28, nil}})
	if err != nil {
		t.Fatal(err)
	}
	return users
}

// must is a value that came without an error.
func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// succeeds fails the test for an error.
func succeeds(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// failsWith fails the test unless the error is of a kind.
func failsWith(t testing.TB, err error, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%v expected, got %v", kind, err)
	}
}
