// The types of documents, and the words that options and results have.
//
// Promises: the zero value of every option means the default. Leaves to others: converting (internal/pack).

package quire

import (
	"github.com/quiredb/quiredb/bindings/go/internal/pack"
)

// Document is a document without a type of its own: a map of fields, written in the order of their names.
type Document = pack.Document

// M is short for Document, as filters and updates are written: quire.M{"age": quire.M{"$gt": 30}}.
type M = pack.Document

// D is a document whose fields have an order, as sorts and the keys of an index need it:
// quire.D{{"city", 1}, {"age", -1}}.
type D = pack.D

// E is one field of a D.
type E = pack.E

// A is an array.
type A = []any

// Raw is a value as it is in MessagePack; a Collection[Raw] gives and takes documents without converting them.
type Raw = pack.Raw

// Extension is a value of a MessagePack extension type that Go has no type for.
type Extension = pack.Extension

// Marshal gives the value in MessagePack, as it would be stored.
//
// Errors: ErrUnsupportedValue.
func Marshal(value any) (Raw, error) {
	bytes, err := pack.Append(nil, value)
	if err != nil {
		return nil, ofValue(err)
	}
	return bytes, nil
}

// Unmarshal reads a value in MessagePack into what target points to.
//
// Errors: ErrTypeMismatch, also for bytes that are damaged or more than one value.
func Unmarshal(bytes []byte, target any) error {
	var reader pack.Reader
	rest, err := reader.Into(bytes, target)
	if err != nil {
		return ofValue(err)
	}
	if len(rest) > 0 {
		return failure(ErrTypeMismatch, "%d bytes follow the value", len(rest))
	}
	return nil
}

// Durability says what a commit survives once its call has returned.
type Durability int32

const (
	// DefaultDurability is the database's own, which is Process unless it was opened with another one.
	DefaultDurability Durability = iota
	// Process survives the death of the process, and is synced within the sync interval.
	Process
	// Disk survives a power cut.
	Disk
	// Lazy is written with the next sync.
	Lazy
)

// String is the name that the option has in the engine; empty for the default.
func (d Durability) String() string {
	switch d {
	case Process:
		return "process"
	case Disk:
		return "disk"
	case Lazy:
		return "lazy"
	}
	return ""
}

// InsertOneResult is what InsertOne did.
type InsertOneResult struct {
	// InsertedID is the document's id, given or made.
	InsertedID any
}

// InsertManyResult is what InsertMany did.
type InsertManyResult struct {
	// InsertedCount is how many documents were inserted.
	InsertedCount int64
	// InsertedIDs has the ids by the place of their document, nil for one that was not inserted.
	InsertedIDs []any
}

// UpdateResult is what an update or a replacement did.
type UpdateResult struct {
	// MatchedCount is how many documents matched, ModifiedCount how many of them are different now.
	MatchedCount, ModifiedCount int64
	// UpsertedCount is 1 when an upsert inserted a document, whose id is UpsertedID.
	UpsertedCount int64
	UpsertedID    any
}

// DeleteResult is what a deletion did.
type DeleteResult struct {
	DeletedCount int64
}
