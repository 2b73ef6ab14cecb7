// Runs the conformance cases that every language runs: a database of its own for each, its steps one after the other.
//
// test/conformance/README.md of the repository says what cases are. Promises: a step whose result is another one than
// the case says fails with the case's own words. Leaves to others: operations (conformance_operations_test.go), values
// (conformance_values_test.go).

package quire_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	quire "github.com/quiredb/quiredb/bindings/go"
)

// casesFolder has the cases.
var casesFolder = cmp.Or(os.Getenv("QUIRE_CASES_FOLDER"), "../../test/conformance/cases")

// things is the collection of steps that name none.
const things = "things"

var errRollback = errors.New("the case rolls back")

// family is a file of cases.
type family struct {
	name  string
	cases []quire.D
}

func families(t *testing.T) []family {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(casesFolder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance cases in %s: %v", casesFolder, err)
	}
	var all []family
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read, err := readJSON(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		one := family{name: strings.TrimSuffix(filepath.Base(file), ".json")}
		for _, given := range field(read, "cases").([]any) {
			one.cases = append(one.cases, given.(quire.D))
		}
		all = append(all, one)
	}
	return all
}

func TestConformance(t *testing.T) {
	for _, family := range families(t) {
		t.Run(family.name, func(t *testing.T) {
			for _, given := range family.cases {
				t.Run(field(given, "name").(string), func(t *testing.T) {
					t.Parallel()
					if err := runCase(t, given); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

func TestEveryOperationOfTheCasesIsKnown(t *testing.T) {
	done := map[string]bool{}
	count := 0
	for _, family := range families(t) {
		count += len(family.cases)
		for _, given := range family.cases {
			noteOperations(given, done)
		}
	}
	if count < 300 {
		t.Errorf("%d cases; there are at least 300", count)
	}
	for op := range done {
		if operations[op] == nil {
			t.Errorf("the operation %s of the cases is not known here", op)
		}
	}
	for op := range operations {
		if !done[op] {
			t.Errorf("the operation %s is in no case", op)
		}
	}
}

func noteOperations(of any, done map[string]bool) {
	steps, _ := field(of, "steps").([]any)
	for _, step := range steps {
		done[field(step, "op").(string)] = true
		noteOperations(step, done)
	}
}

// run is a case while it runs.
type run struct {
	folder  string
	path    string
	options any
	db      *quire.DB
	opened  map[string]any
	saved   map[string]any
}

// file is the path of the case's file of this name.
func (r *run) file(name any) string { return filepath.Join(r.folder, fmt.Sprint(name)+".quire") }

// runCase runs a case; the error says what is otherwise than it says.
func runCase(t *testing.T, given quire.D) error {
	r := &run{folder: t.TempDir(), path: ":memory:", options: field(given, "options"), opened: map[string]any{},
		saved: map[string]any{}}
	storage := field(given, "storage")
	switch storage {
	case nil:
	case "file", "none":
		r.path = r.file("case")
	default:
		r.path = storage.(string)
	}
	defer func() {
		if r.db != nil {
			r.db.Close()
		}
	}()
	if storage != "none" {
		if err := r.begin(given); err != nil {
			return fmt.Errorf("the beginning: %w", err)
		}
	}
	return r.steps(given, nil, "")
}

// steps does the steps of a case, or of a transaction.
func (r *run) steps(of any, tx *quire.Tx, where string) error {
	steps, _ := field(of, "steps").([]any)
	for index, step := range steps {
		at := fmt.Sprintf("%ssteps[%d] %v", where, index, field(step, "op"))
		if err := r.step(step.(quire.D), at, tx); err != nil {
			return err
		}
	}
	return nil
}

// begin makes what the case begins with.
func (r *run) begin(given quire.D) error {
	if err := r.open(); err != nil {
		return err
	}
	if ids := field(given, "ids"); ids != nil {
		if err := r.db.CreateCollection(things, quire.CollectionOptions{IDs: ids.(string)}); err != nil {
			return err
		}
	}
	of := quire.CollectionOf[any](r.db, things)
	if documents := field(given, "documents"); documents != nil {
		if _, err := of.InsertMany(valueOf(documents, r.saved).([]any)); err != nil {
			return err
		}
	}
	if indexes := field(given, "indexes"); indexes != nil {
		models, err := modelsOf(valueOf(indexes, r.saved))
		if err != nil {
			return err
		}
		_, err = of.CreateIndexes(models)
		return err
	}
	return nil
}

func (r *run) open() error {
	var options quire.Options
	if err := fill(&options, r.options); err != nil {
		return err
	}
	db, err := quire.Open(r.path, options)
	if err == nil {
		r.db = db
	}
	return err
}

// step does one step. An error of the case's own, which is no difference, comes back as it is.
func (r *run) step(step quire.D, where string, tx *quire.Tx) error {
	operation := operations[field(step, "op").(string)]
	if operation == nil {
		return fmt.Errorf("%s: no such operation", where)
	}
	arguments, _ := valueOf(field(step, "arguments"), r.saved).(quire.D)
	result, err := operation(&call{run: r, step: step, where: where, tx: tx, arguments: arguments})
	var differs *differenceError
	if errors.As(err, &differs) {
		return err
	}
	code := ""
	if err != nil {
		var kind quire.Code
		if !errors.As(err, &kind) {
			return &differenceError{fmt.Sprintf("%s: %v", where, err)}
		}
		code = kind.String()
		if bulk := new(quire.BulkWriteError); errors.As(err, &bulk) {
			result = failedBulk(bulk)
		}
	}
	if told := unexpected(field(step, "error"), code, err); told != "" {
		return &differenceError{where + ": " + told}
	}
	result = plain(result)
	if name := field(step, "save"); name != nil {
		r.saved[name.(string)] = result
	}
	if !has(step, "result") {
		return nil
	}
	if found := difference(field(step, "result"), result, r.saved, "result"); found != "" {
		return &differenceError{where + ": " + found}
	}
	return nil
}

// differenceError is what is otherwise than a case says.
type differenceError struct{ message string }

func (e *differenceError) Error() string { return e.message }

// unexpected says what is wrong with the code that a step failed with; empty when nothing is.
func unexpected(expected any, code string, err error) string {
	var allowed []any
	switch wanted := expected.(type) {
	case nil:
		if err != nil {
			return err.Error()
		}
		return ""
	case string:
		allowed = []any{wanted}
	case []any:
		allowed = wanted
	}
	if !slices.Contains(allowed, any(code)) {
		return fmt.Sprintf("%v expected, got %q (%v)", expected, code, err)
	}
	return ""
}

func has(of quire.D, name string) bool {
	return slices.ContainsFunc(of, func(field quire.E) bool { return field.Key == name })
}
