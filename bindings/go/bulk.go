// Many writes in one call, and what is told when some of them fail.
//
// Promises: an operation that fails is told of by its place; the others are as the result says. Leaves to others: what
// operations do (the engine).

package quire

import (
	"fmt"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
)

// WriteModel is one operation of BulkWrite: InsertOneModel, UpdateOneModel, UpdateManyModel, ReplaceOneModel,
// DeleteOneModel or DeleteManyModel.
type WriteModel interface {
	operation() E
}

// InsertOneModel inserts a document.
type InsertOneModel struct {
	Document any
}

// UpdateOneModel changes the first document that matches.
type UpdateOneModel struct {
	Filter, Update any
	Upsert         bool
	ArrayFilters   []any
	Sort, Hint     any
}

// UpdateManyModel changes every document that matches.
type UpdateManyModel struct {
	Filter, Update any
	Upsert         bool
	ArrayFilters   []any
	Hint           any
}

// ReplaceOneModel puts a document in the place of the first one that matches.
type ReplaceOneModel struct {
	Filter, Replacement any
	Upsert              bool
	Sort, Hint          any
}

// DeleteOneModel deletes the first document that matches.
type DeleteOneModel struct {
	Filter, Hint any
}

// DeleteManyModel deletes every document that matches.
type DeleteManyModel struct {
	Filter, Hint any
}

func (m InsertOneModel) operation() E {
	return E{Key: "insertOne", Value: given("document", m.Document)}
}

func (m UpdateOneModel) operation() E {
	return E{Key: "updateOne", Value: given("filter", m.Filter, "update", m.Update, "upsert", truth(m.Upsert),
		"arrayFilters", list(m.ArrayFilters), "sort", orderOf(m.Sort), "hint", m.Hint)}
}

func (m UpdateManyModel) operation() E {
	return E{Key: "updateMany", Value: given("filter", m.Filter, "update", m.Update, "upsert", truth(m.Upsert),
		"arrayFilters", list(m.ArrayFilters), "hint", m.Hint)}
}

func (m ReplaceOneModel) operation() E {
	return E{Key: "replaceOne", Value: given("filter", m.Filter, "replacement", m.Replacement, "upsert", truth(m.Upsert),
		"sort", orderOf(m.Sort), "hint", m.Hint)}
}

func (m DeleteOneModel) operation() E {
	return E{Key: "deleteOne", Value: given("filter", m.Filter, "hint", m.Hint)}
}

func (m DeleteManyModel) operation() E {
	return E{Key: "deleteMany", Value: given("filter", m.Filter, "hint", m.Hint)}
}

// given is the map of the fields that were given: names and values in turn.
func given(fields ...any) D {
	made := make(D, 0, len(fields)/2)
	for place := 0; place < len(fields); place += 2 {
		if fields[place+1] != nil {
			made = append(made, E{Key: fields[place].(string), Value: fields[place+1]})
		}
	}
	return made
}

func truth(is bool) any {
	if is {
		return true
	}
	return nil
}

func list(elements []any) any {
	if elements == nil {
		return nil
	}
	return elements
}

// orderOf is a sort order as the engine takes it.
func orderOf(sort any) any {
	if path, is := sort.(string); is {
		return D{{Key: path, Value: 1}}
	}
	return sort
}

// BulkWriteOptions are the options of BulkWrite.
type BulkWriteOptions struct {
	// Durability of the commit.
	Durability Durability
	// Unordered goes on after an operation that fails, with those that can be done.
	Unordered bool
}

// BulkWriteResult is what BulkWrite did.
type BulkWriteResult struct {
	InsertedCount int64 `quire:"insertedCount"`
	MatchedCount  int64 `quire:"matchedCount"`
	ModifiedCount int64 `quire:"modifiedCount"`
	DeletedCount  int64 `quire:"deletedCount"`
	UpsertedCount int64 `quire:"upsertedCount"`
	// InsertedIDs and UpsertedIDs have ids by the place of their operation, as a text.
	InsertedIDs map[string]any `quire:"insertedIds"`
	UpsertedIDs map[string]any `quire:"upsertedIds"`
}

// WriteError is one operation that failed.
type WriteError struct {
	// Index is its place.
	Index int
	// Code is the kind of its failure.
	Code Code
	// Message is the text of its failure.
	Message string
}

// BulkWriteError says that some of many writes failed. It unwraps to the Code of the first one.
type BulkWriteError struct {
	// Result is what was done.
	Result BulkWriteResult
	// WriteErrors are the operations that failed, in order.
	WriteErrors []WriteError
}

func (e *BulkWriteError) Error() string {
	first := e.WriteErrors[0]
	others := ""
	if len(e.WriteErrors) > 1 {
		others = fmt.Sprintf("; %d failed in all", len(e.WriteErrors))
	}
	return fmt.Sprintf("quire: %v: operation %d failed: %s%s", first.Code, first.Index, first.Message, others)
}

// Unwrap gives the kind of the first failure.
func (e *BulkWriteError) Unwrap() error { return e.WriteErrors[0].Code }

// BulkWrite does many writes in one commit: up to the first one that fails, or unordered all that can be done.
//
// Errors: *BulkWriteError when one failed: it says which, and what the others did; ErrInvalidArgument for operations
// that are none.
func (c *Collection[T]) BulkWrite(models []WriteModel, options ...BulkWriteOptions) (BulkWriteResult, error) {
	given, err := only(options)
	if err != nil {
		return BulkWriteResult{}, err
	}
	operations := make([]any, len(models))
	for index, model := range models {
		if model == nil {
			return BulkWriteResult{}, failure(ErrInvalidArgument, "operations[%d] is nil", index)
		}
		operations[index] = D{model.operation()}
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, "bulkWrite")
	made.put("operations", operations)
	return runBulk(c.of, call, made, given.Unordered, given.Durability)
}

// runBulk sends many writes.
func runBulk(
	of *source, call *capi.Call, made *request, isUnordered bool, durability Durability,
) (BulkWriteResult, error) {
	if isUnordered {
		made.put("ordered", false)
	}
	var reply struct {
		BulkWriteResult
		WriteErrors []struct {
			Index         int
			Code, Message string
		} `quire:"writeErrors"`
	}
	if err := runCommand(of, call, made, durability, &reply); err != nil {
		return BulkWriteResult{}, err
	}
	if len(reply.WriteErrors) == 0 {
		return reply.BulkWriteResult, nil
	}
	failed := &BulkWriteError{Result: reply.BulkWriteResult}
	for _, one := range reply.WriteErrors {
		failed.WriteErrors = append(failed.WriteErrors, WriteError{one.Index, numbers[one.Code], one.Message})
	}
	return reply.BulkWriteResult, failed
}

// insertEach inserts all documents that can be.
func insertEach[T any](of *source, documents []T, durability Durability) (InsertManyResult, error) {
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, "insertMany")
	elements := make([]any, len(documents))
	for index := range documents {
		elements[index] = &documents[index]
	}
	made.put("documents", elements)
	done, err := runBulk(of, call, made, true, durability)
	result := InsertManyResult{InsertedCount: done.InsertedCount, InsertedIDs: make([]any, len(documents))}
	for index := range documents {
		result.InsertedIDs[index] = done.InsertedIDs[fmt.Sprint(index)]
	}
	return result, err
}
