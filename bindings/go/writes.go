// Writing by a filter: updates, replacements, deletions, and those that give the document back.
//
// Promises: a filter has to be given, and an empty one means every document; a call that fails has changed nothing.
// Leaves to others: many writes in one call (bulk.go), what filters and updates mean (docs/QUERY.md of the repository).

package quire

import (
	"github.com/quiredb/quiredb/bindings/go/internal/capi"
)

// UpdateOptions are the options of UpdateOne and UpdateMany.
type UpdateOptions struct {
	// Durability of this commit.
	Durability Durability
	// Upsert inserts a document when none matches: what the filter asks to be equal, changed by the update.
	Upsert bool
	// ArrayFilters say which elements $[name] in the update's paths stands for: a filter for each name.
	ArrayFilters []any
	// Sort says which match is the first one. UpdateMany has no use for it, and refuses it.
	Sort any
	// Hint names the index to find documents by.
	Hint any
}

func (o UpdateOptions) add(made *request) {
	made.maybe("upsert", o.Upsert)
	made.maybe("arrayFilters", o.ArrayFilters)
	made.sort(o.Sort)
	made.maybe("hint", o.Hint)
}

// UpdateOne changes the first document that matches, by operators or by a pipeline.
//
// Errors: ErrInvalidFilter, ErrInvalidUpdate, ErrInvalidExpression, ErrIndexNotFound, ErrDocumentTooLarge,
// ErrDuplicateKey.
func (c *Collection[T]) UpdateOne(filter, update any, options ...UpdateOptions) (UpdateResult, error) {
	return c.update("updateOne", filter, update, options)
}

// UpdateMany changes every document that matches: all of them or, after an error, none.
//
// Errors: as UpdateOne.
func (c *Collection[T]) UpdateMany(filter, update any, options ...UpdateOptions) (UpdateResult, error) {
	return c.update("updateMany", filter, update, options)
}

func (c *Collection[T]) update(op string, filter, update any, options []UpdateOptions) (UpdateResult, error) {
	given, err := only(options)
	if err != nil {
		return UpdateResult{}, err
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, op)
	made.neededFilter(filter)
	made.update(update)
	given.add(made)
	return runUpdate(c.of, call, made, given.Durability)
}

// runUpdate sends an update or a replacement.
func runUpdate(of *source, call *capi.Call, made *request, durability Durability) (UpdateResult, error) {
	var reply struct {
		Matched  int64 `quire:"matchedCount"`
		Modified int64 `quire:"modifiedCount"`
		Upserted any   `quire:"upsertedId"`
	}
	if err := runCommand(of, call, made, durability, &reply); err != nil {
		return UpdateResult{}, err
	}
	return UpdateResult{reply.Matched, reply.Modified, count(reply.Upserted != nil), reply.Upserted}, nil
}

// ReplaceOptions are the options of ReplaceOne.
type ReplaceOptions struct {
	// Durability of this commit.
	Durability Durability
	// Upsert inserts the document when none matches, with the _id that the filter asks for.
	Upsert bool
	// Sort says which match is the first one.
	Sort any
	// Hint names the index to find the document by.
	Hint any
}

func (o ReplaceOptions) add(made *request) {
	made.maybe("upsert", o.Upsert)
	made.sort(o.Sort)
	made.maybe("hint", o.Hint)
}

// ReplaceOne puts a document in the place of the first one that matches; its _id stays.
//
// Errors: ErrInvalidFilter, ErrInvalidDocument, ErrInvalidUpdate for another _id, ErrIndexNotFound,
// ErrDocumentTooLarge, ErrDuplicateKey.
func (c *Collection[T]) ReplaceOne(filter any, document T, options ...ReplaceOptions) (UpdateResult, error) {
	given, err := only(options)
	if err != nil {
		return UpdateResult{}, err
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, "replaceOne")
	made.neededFilter(filter)
	made.replacement(&document)
	given.add(made)
	return runUpdate(c.of, call, made, given.Durability)
}

// DeleteOptions are the options of DeleteOne and DeleteMany.
type DeleteOptions struct {
	// Durability of this commit.
	Durability Durability
	// Hint names the index to find documents by.
	Hint any
}

// DeleteOne deletes the first document that matches.
//
// Errors: ErrInvalidFilter, ErrIndexNotFound.
func (c *Collection[T]) DeleteOne(filter any, options ...DeleteOptions) (DeleteResult, error) {
	return c.delete("deleteOne", filter, options)
}

// DeleteMany deletes every document that matches.
//
// Errors: ErrInvalidFilter, ErrIndexNotFound.
func (c *Collection[T]) DeleteMany(filter any, options ...DeleteOptions) (DeleteResult, error) {
	return c.delete("deleteMany", filter, options)
}

func (c *Collection[T]) delete(op string, filter any, options []DeleteOptions) (DeleteResult, error) {
	given, err := only(options)
	if err != nil {
		return DeleteResult{}, err
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, op)
	made.neededFilter(filter)
	made.maybe("hint", given.Hint)
	var reply struct {
		Deleted int64 `quire:"deletedCount"`
	}
	err = runCommand(c.of, call, made, given.Durability, &reply)
	return DeleteResult{reply.Deleted}, err
}

// ReturnDocument says which state of a document FindOneAndUpdate and FindOneAndReplace give.
type ReturnDocument int

const (
	// Before is the document as it was.
	Before ReturnDocument = iota
	// After is the document as it is now.
	After
)

// FindOneAndOptions are the options of FindOneAndUpdate, FindOneAndReplace and FindOneAndDelete. Those that a call has
// no use for are refused: ErrInvalidArgument.
type FindOneAndOptions struct {
	// Durability of this commit.
	Durability Durability
	// Upsert inserts a document when none matches.
	Upsert bool
	// ArrayFilters say which elements $[name] in the update's paths stands for.
	ArrayFilters []any
	// Projection has the fields that are wanted, or not.
	Projection any
	// Sort says which match is the first one.
	Sort any
	// Hint names the index to find the document by.
	Hint any
	// ReturnDocument says whether the document as it was comes back, or as it is now.
	ReturnDocument ReturnDocument
}

func (o FindOneAndOptions) add(made *request) {
	made.maybe("upsert", o.Upsert)
	made.maybe("arrayFilters", o.ArrayFilters)
	made.projection(o.Projection)
	made.sort(o.Sort)
	made.maybe("hint", o.Hint)
	if o.ReturnDocument == After {
		made.put("returnDocument", "after")
	}
}

// FindOneAndUpdate changes the first document that matches, and gives it back.
//
// Errors: ErrNoDocuments when none matches, or when an upsert inserted one and the document before is asked for; those
// of UpdateOne; ErrInvalidSort, ErrInvalidProjection.
func (c *Collection[T]) FindOneAndUpdate(filter, update any, options ...FindOneAndOptions) (T, error) {
	return c.findOneAnd("findOneAndUpdate", filter, options, func(made *request) { made.update(update) })
}

// FindOneAndReplace puts a document in the place of the first one that matches, and gives that back, or the new one.
//
// Errors: ErrNoDocuments as FindOneAndUpdate; those of ReplaceOne; ErrInvalidSort, ErrInvalidProjection.
func (c *Collection[T]) FindOneAndReplace(filter any, document T, options ...FindOneAndOptions) (T, error) {
	return c.findOneAnd("findOneAndReplace", filter, options, func(made *request) { made.replacement(&document) })
}

// FindOneAndDelete deletes the first document that matches, and gives it back.
//
// Errors: ErrNoDocuments when none matches; those of DeleteOne; ErrInvalidSort, ErrInvalidProjection.
func (c *Collection[T]) FindOneAndDelete(filter any, options ...FindOneAndOptions) (T, error) {
	return c.findOneAnd("findOneAndDelete", filter, options, func(*request) {})
}

func (c *Collection[T]) findOneAnd(
	op string, filter any, options []FindOneAndOptions, change func(made *request),
) (T, error) {
	given, err := only(options)
	if err != nil {
		var none T
		return none, err
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, op)
	made.neededFilter(filter)
	change(made)
	given.add(made)
	return valueOf[T](c.of, call, made, given.Durability)
}
