// What the binding has to cover: every error code of the engine, and every call of the header.
//
// Promises: what the engine or the header gets new is missed here. Leaves to others: the operations of the conformance
// cases (conformance_test.go).

package quire_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	quire "github.com/quiredb/quiredb/bindings/go"
)

// notUsed are the calls of the header that the binding does not need, and why.
var notUsed = map[string]string{
	"quire_collection_close": "a DB and a Tx have one handle for each name, which end with them",
	"quire_json_to_msgpack":  "Go converts its own values: Marshal",
	"quire_msgpack_to_json":  "Go converts its own values: Unmarshal",
	"quire_insert_json":      "InsertOne, without JSON in between",
	"quire_get_json":         "Get, without JSON in between",
	"quire_find_json":        "Find, without JSON in between",
	"quire_command_json":     "the methods, without JSON in between",
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryErrorCodeOfTheEngineHasAValue(t *testing.T) {
	source := read(t, "../../native/engine/src/error.rs")
	found := regexp.MustCompile(`(?m)^ {4}\w+ = (\d+), "([A-Z_]+)"`).FindAllStringSubmatch(source, -1)
	if len(found) < 39 {
		t.Fatalf("%d codes are in error.rs; the pattern is out of date", len(found))
	}
	errors := read(t, "errors.go")
	for _, code := range found {
		number, err := strconv.Atoi(code[1])
		if err != nil {
			t.Fatal(err)
		}
		if name := quire.Code(number).String(); name != code[2] {
			t.Errorf("code %d is %s here, and %s in the engine", number, name, code[2])
		}
		if !regexp.MustCompile(`(?m)^\tErr\w+ Code = ` + code[1] + `$`).MatchString(errors) {
			t.Errorf("%s has no Err value", code[2])
		}
	}
}

func TestEveryCallOfTheHeaderIsUsedOrHasAReason(t *testing.T) {
	header := regexp.MustCompile(`//.*`).ReplaceAllString(read(t, "../c/include/quire.h"), "")
	calls := regexp.MustCompile(`\b(quire_\w+)\(`).FindAllStringSubmatch(header, -1)
	if len(calls) < 40 {
		t.Fatalf("%d calls are in quire.h; the pattern is out of date", len(calls))
	}
	pure, linked := read(t, "internal/capi/calls_purego.go"), read(t, "internal/capi/calls_cgo.go")
	inHeader := map[string]bool{}
	for _, call := range calls {
		name := call[1]
		inHeader[name] = true
		isUsed := strings.Contains(pure, `"`+name+`"`)
		if isUsed != strings.Contains(linked, "C."+name+"(") {
			t.Errorf("%s is called by purego or by cgo, not by both", name)
		}
		if isUsed == (notUsed[name] != "") {
			t.Errorf("%s is neither used nor has a reason, or both", name)
		}
	}
	for name := range notUsed {
		if !inHeader[name] {
			t.Errorf("%s has a reason, and is not in the header", name)
		}
	}
}

func TestEveryCallOfTheLibraryIsMadeBySomeMethod(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			source.WriteString(read(t, file))
		}
	}
	pure := read(t, "internal/capi/calls_purego.go")
	for _, call := range regexp.MustCompile(`(?m)^func ([A-Z]\w*)\(`).FindAllStringSubmatch(pure, -1) {
		if !strings.Contains(source.String(), "capi."+call[1]+"(") {
			t.Errorf("nothing calls capi.%s", call[1])
		}
	}
}
