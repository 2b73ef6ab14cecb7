// The search for the library: what QUIRE_LIBRARY names is taken, and nothing else then.
//
// Each case is a process of its own, as a library stays loaded. Leaves to others: linking by cgo, which searches nothing.

//go:build !quire_cgo

package quire_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	quire "github.com/quiredb/quiredb/bindings/go"
)

func TestTheLibraryIsWhereTheEnvironmentSays(t *testing.T) {
	if expected := os.Getenv("QUIRE_TEST_LIBRARY"); expected != "" {
		db, err := quire.Open(":memory:")
		if expected == "found" {
			succeeds(t, err)
			succeeds(t, db.Close())
			return
		}
		failsWith(t, err, quire.ErrNoLibrary)
		if !strings.Contains(err.Error(), expected) {
			t.Errorf("the error does not name %s: %v", expected, err)
		}
		return
	}
	folder := t.TempDir()
	nothing := filepath.Join(folder, "nothing.so")
	if err := os.WriteFile(nothing, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{nothing: nothing, filepath.Join(folder, "absent.so"): "absent.so"}
	if runtime.GOOS == "linux" {
		built := must(filepath.Abs("../../native/dist/capi/libquire.so.1"))(t)
		cases[built] = "found"
		// A library of another name and without the calls of quire.h.
		cases["libc.so.6"] = "quire_"
	}
	for path, expected := range cases {
		other := exec.Command(os.Args[0], "-test.run=^TestTheLibraryIsWhereTheEnvironmentSays$")
		other.Env = append(os.Environ(), "QUIRE_LIBRARY="+path, "QUIRE_TEST_LIBRARY="+expected)
		if output, err := other.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", path, err, output)
		}
	}
}
