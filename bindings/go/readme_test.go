// Runs the README's program as a new user would: a module of its own, built and started.
//
// Promises: the program is the README's, word by word. Leaves to others: everything else.

package quire_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheProgramOfTheReadmeRunsAsItIsWritten(t *testing.T) {
	page := read(t, "README.md")
	found := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindStringSubmatch(page)
	if found == nil {
		t.Fatal("README.md has no program")
	}
	binding, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.go", found[1])
	module := regexp.MustCompile(`(?m)^module .*$`).ReplaceAllString(read(t, "go.mod"), "module example")
	write("go.mod", module+"\nrequire github.com/quiredb/quiredb/bindings/go v0.0.0\n"+
		"replace github.com/quiredb/quiredb/bindings/go => "+binding+"\n")
	write("go.sum", read(t, "go.sum"))
	command := exec.Command("go", "run", "-mod=mod", ".")
	command.Dir = folder
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if got, wanted := strings.TrimSpace(string(output)), "Ada 37 <nil>\nGrace 45 <nil>"; got != wanted {
		t.Errorf("it printed %q, not %q", got, wanted)
	}
	if _, err := os.Stat(filepath.Join(folder, "app.quire")); err != nil {
		t.Errorf("there is no file: %v", err)
	}
}
