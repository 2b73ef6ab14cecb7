// Reading by a filter: finding, counting, distinct values, aggregation.
//
// Promises: nothing is read before it is asked for; leaving a loop closes its cursor; a query can be run any number of
// times. Leaves to others: the cursor (cursor.go), what filters and stages mean (docs/QUERY.md of the repository).

package quire

import (
	"iter"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
	"github.com/quiredb/quiredb/bindings/go/internal/pack"
)

// Query is what Find asks for. Its methods change it and give it back.
//
// Errors of reading: ErrInvalidFilter, ErrInvalidSort, ErrInvalidProjection, ErrIndexNotFound, ErrLimitExceeded,
// ErrSnapshotTooOld.
type Query[T any] struct {
	of                             *source
	wanted, projection, order, use any
	skip, limit                    *int64
}

// Find asks for the documents that match a filter; nil means every document.
func (c *Collection[T]) Find(filter any) *Query[T] {
	return &Query[T]{of: c.of, wanted: filter}
}

// Sort sets the order: a path, or a document of paths with 1 or -1; one of several paths has to be a D.
func (q *Query[T]) Sort(order any) *Query[T] {
	q.order = order
	return q
}

// Project sets the fields that are wanted, or not: quire.M{"name": 1}.
func (q *Query[T]) Project(projection any) *Query[T] {
	q.projection = projection
	return q
}

// Skip passes over the first documents.
func (q *Query[T]) Skip(count int64) *Query[T] {
	q.skip = &count
	return q
}

// Limit sets how many documents there are at most.
func (q *Query[T]) Limit(count int64) *Query[T] {
	q.limit = &count
	return q
}

// Hint names the index to use, by its name or its keys; quire.M{"$natural": 1} uses none.
func (q *Query[T]) Hint(index any) *Query[T] {
	q.use = index
	return q
}

// request is the query as a command.
func (q *Query[T]) request(call *capi.Call, op string) *request {
	made := newRequest(call, op)
	made.filter(q.wanted)
	made.projection(q.projection)
	made.sort(q.order)
	made.maybe("hint", q.use)
	if q.skip != nil {
		made.put("skip", *q.skip)
	}
	if q.limit != nil {
		made.put("limit", *q.limit)
	}
	return made
}

// Cursor opens a cursor, which sees the moment at which it was opened. Close it, or read it to its end.
func (q *Query[T]) Cursor() (*Cursor[T], error) {
	cursor, err := q.open()
	if err == nil {
		cursor.closeWhenForgotten()
	}
	return cursor, err
}

func (q *Query[T]) open() (*Cursor[T], error) {
	return openCursor[T](q.of.open, func(call *capi.Call) *request { return q.request(call, "find") })
}

// All iterates over the documents: for document, err := range query.All(). An error is the last thing that it gives.
func (q *Query[T]) All() iter.Seq2[T, error] {
	return all(q.open)
}

// Slice reads all documents.
func (q *Query[T]) Slice() ([]T, error) {
	return slice(q.open)
}

// Count says how many documents All would give.
func (q *Query[T]) Count() (int64, error) {
	call := capi.Take()
	defer call.Release()
	var reply struct{ Count int64 }
	err := runCommand(q.of, call, q.request(call, "count"), DefaultDurability, &reply)
	return reply.Count, err
}

// Explain says how the query is done, and runs it for that.
func (q *Query[T]) Explain() (Document, error) {
	call := capi.Take()
	defer call.Release()
	var reply Document
	err := runCommand(q.of, call, q.request(call, "explain"), DefaultDurability, &reply)
	return reply, err
}

// FindOneOptions are the options of FindOne.
type FindOneOptions struct {
	// Projection has the fields that are wanted, or not.
	Projection any
	// Sort says which match is the first one; by default any is.
	Sort any
	// Skip passes over the first matches.
	Skip int64
	// Hint names the index to use.
	Hint any
}

// FindOne reads the first document that matches; a filter of nil means any document.
//
// Errors: ErrNoDocuments; those of a Query.
func (c *Collection[T]) FindOne(filter any, options ...FindOneOptions) (T, error) {
	var document T
	given, err := only(options)
	if err != nil {
		return document, err
	}
	query := c.Find(filter).Project(given.Projection)
	if given.Sort == nil && given.Skip == 0 && given.Hint == nil {
		call := capi.Take()
		defer call.Release()
		return valueOf[T](c.of, call, query.request(call, "findOne"), DefaultDurability)
	}
	cursor, err := query.Sort(given.Sort).Skip(given.Skip).Hint(given.Hint).Limit(1).open()
	if err != nil {
		return document, err
	}
	defer cursor.Close()
	return cursor.Next()
}

// CountOptions are the options of CountDocuments.
type CountOptions struct {
	// Skip passes over the first matches.
	Skip int64
	// Limit is how many are counted at most; 0 for all.
	Limit int64
	// Hint names the index to use.
	Hint any
}

// CountDocuments says how many documents match; a filter of nil means every document.
//
// Errors: ErrInvalidFilter, ErrIndexNotFound.
func (c *Collection[T]) CountDocuments(filter any, options ...CountOptions) (int64, error) {
	given, err := only(options)
	if err != nil {
		return 0, err
	}
	if len(options) == 0 {
		return c.count(filter)
	}
	query := c.Find(filter).Hint(given.Hint).Skip(given.Skip)
	if given.Limit != 0 {
		query.Limit(given.Limit)
	}
	return query.Count()
}

// EstimatedDocumentCount says how many documents there are, at no cost. It is exact.
func (c *Collection[T]) EstimatedDocumentCount() (int64, error) {
	return c.count(nil)
}

func (c *Collection[T]) count(filter any) (int64, error) {
	call := capi.Take()
	defer call.Release()
	handle, err := c.of.open()
	if err != nil {
		return 0, err
	}
	call.Request = call.Request[:0]
	if filter != nil {
		if call.Request, err = pack.Append(call.Request, filter); err != nil {
			return 0, ofValue(err)
		}
	}
	if err := done(func() int32 { return capi.Count(handle, call) }); err != nil {
		return 0, err
	}
	return int64(call.Out.Count), nil
}

// DistinctOptions are the options of Distinct.
type DistinctOptions struct {
	// Hint names the index to use.
	Hint any
}

// Distinct gives the distinct values of a field; an array stands for its elements.
//
// Errors: ErrInvalidFilter, ErrIndexNotFound, ErrLimitExceeded.
func (c *Collection[T]) Distinct(field string, filter any, options ...DistinctOptions) ([]any, error) {
	given, err := only(options)
	if err != nil {
		return nil, err
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, "distinct")
	made.put("field", field)
	made.filter(filter)
	made.maybe("hint", given.Hint)
	var reply struct{ Values []any }
	err = runCommand(c.of, call, made, DefaultDurability, &reply)
	return reply.Values, err
}

// Results are what an aggregation gives.
type Results[R any] struct {
	target   func() (uint64, error)
	pipeline any
	use      any
}

// Aggregate runs a pipeline: an array of stages. Nothing runs before the first result is asked for; with $out or $merge
// there are no results, but they have to be asked for all the same. AggregateAs gives results of a type.
//
// Errors: ErrInvalidPipeline, ErrInvalidExpression, ErrLimitExceeded.
func (c *Collection[T]) Aggregate(pipeline any) *Results[Document] {
	return AggregateAs[Document](c, pipeline)
}

// AggregateAs is Aggregate with results of type R.
func AggregateAs[R, T any](c *Collection[T], pipeline any) *Results[R] {
	return &Results[R]{target: c.of.open, pipeline: pipeline}
}

// Aggregate runs a pipeline that begins with $documents.
func (db *DB) Aggregate(pipeline any) *Results[Document] {
	return &Results[Document]{target: func() (uint64, error) { return db.handle, nil }, pipeline: pipeline}
}

// Hint names the index to use.
func (r *Results[R]) Hint(index any) *Results[R] {
	r.use = index
	return r
}

func (r *Results[R]) request(call *capi.Call, op string) *request {
	made := newRequest(call, op)
	made.put("pipeline", r.pipeline)
	made.maybe("hint", r.use)
	return made
}

func (r *Results[R]) open() (*Cursor[R], error) {
	return openCursor[R](r.target, func(call *capi.Call) *request { return r.request(call, "aggregate") })
}

// Cursor opens a cursor on the results. Close it, or read it to its end.
func (r *Results[R]) Cursor() (*Cursor[R], error) {
	cursor, err := r.open()
	if err == nil {
		cursor.closeWhenForgotten()
	}
	return cursor, err
}

// All iterates over the results. An error is the last thing that it gives.
func (r *Results[R]) All() iter.Seq2[R, error] {
	return all(r.open)
}

// Slice reads all results.
func (r *Results[R]) Slice() ([]R, error) {
	return slice(r.open)
}

// Explain says how the pipeline is done, and runs its beginning for that.
func (r *Results[R]) Explain() (Document, error) {
	call := capi.Take()
	defer call.Release()
	handle, err := r.target()
	if err != nil {
		return nil, err
	}
	var reply Document
	err = runOn(handle, call, r.request(call, "explainAggregate"), DefaultDurability, &reply)
	return reply, err
}
