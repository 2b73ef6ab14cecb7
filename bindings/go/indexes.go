// Indexes: making, dropping and listing them, and dropping or renaming a collection.
//
// Promises: the order of an index's fields is kept where it has one: several fields have to be a D. Leaves to others:
// what an index may be (docs/QUERY.md of the repository).

package quire

import (
	"github.com/quiredb/quiredb/bindings/go/internal/capi"
)

// IndexModel is an index to make.
type IndexModel struct {
	// Keys are its fields with 1 or -1: a D, or for one field a path or a Document.
	Keys any
	// Name is its name; made of the keys by default.
	Name string
	// Unique refuses a second document of one key: ErrDuplicateKey.
	Unique bool
	// Sparse leaves out documents that have none of the fields.
	Sparse bool
	// PartialFilterExpression is a filter for the documents that are in the index.
	PartialFilterExpression any
	// ExpireAfterSeconds lets documents expire this long after the date in the one field; nil for never.
	ExpireAfterSeconds *int64
}

// IndexOptions are the options of CreateIndex: an IndexModel without keys.
type IndexOptions = IndexModel

// IndexInfo is an index as ListIndexes tells of it.
type IndexInfo struct {
	Name                    string   `quire:"name"`
	Key                     D        `quire:"key"`
	Unique                  bool     `quire:"unique,omitempty"`
	Sparse                  bool     `quire:"sparse,omitempty"`
	PartialFilterExpression Document `quire:"partialFilterExpression,omitempty"`
	ExpireAfterSeconds      *int64   `quire:"expireAfterSeconds,omitempty"`
	// EntriesCount is how many keys it has, Bytes how large it is.
	EntriesCount int64 `quire:"entriesCount"`
	Bytes        int64 `quire:"bytes"`
}

func (m IndexModel) definition() D {
	made := D{{Key: "key", Value: keysOf(m.Keys)}}
	if m.Name != "" {
		made = append(made, E{Key: "name", Value: m.Name})
	}
	if m.Unique {
		made = append(made, E{Key: "unique", Value: true})
	}
	if m.Sparse {
		made = append(made, E{Key: "sparse", Value: true})
	}
	if m.PartialFilterExpression != nil {
		made = append(made, E{Key: "partialFilterExpression", Value: m.PartialFilterExpression})
	}
	if m.ExpireAfterSeconds != nil {
		made = append(made, E{Key: "expireAfterSeconds", Value: *m.ExpireAfterSeconds})
	}
	return made
}

// keysOf are the fields of an index as the engine takes them.
func keysOf(keys any) any {
	if path, is := keys.(string); is {
		return D{{Key: path, Value: 1}}
	}
	return keys
}

// CreateIndex makes an index, and gives its name. One that is there already with the same keys and options stays.
//
// Errors: ErrInvalidIndex, ErrIndexExists, ErrDuplicateKey, ErrLimitExceeded.
func (c *Collection[T]) CreateIndex(keys any, options ...IndexOptions) (string, error) {
	model, err := only(options)
	if err != nil {
		return "", err
	}
	if model.Keys = keys; keys == nil {
		return "", failure(ErrInvalidIndex, "an index needs keys, such as quire.D{{\"age\", 1}}")
	}
	names, err := c.CreateIndexes([]IndexModel{model})
	if err != nil {
		return "", err
	}
	return names[0], nil
}

// CreateIndexes makes indexes, all or none, and gives their names.
//
// Errors: as CreateIndex.
func (c *Collection[T]) CreateIndexes(models []IndexModel) ([]string, error) {
	definitions := make([]any, len(models))
	for index, model := range models {
		definitions[index] = model.definition()
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, "createIndexes")
	made.put("indexes", definitions)
	var reply struct{ Names []string }
	err := runCommand(c.of, call, made, DefaultDurability, &reply)
	return reply.Names, err
}

// DropIndex drops an index, by its name or its keys.
//
// Errors: ErrIndexNotFound, ErrInvalidArgument for the one on _id.
func (c *Collection[T]) DropIndex(index any) error {
	if index == nil {
		return failure(ErrInvalidArgument, "DropIndex takes the name or the keys of an index; DropIndexes drops them all")
	}
	call := capi.Take()
	defer call.Release()
	made := newRequest(call, "dropIndexes")
	made.put("index", index)
	return runCommand(c.of, call, made, DefaultDurability, nil)
}

// DropIndexes drops all indexes but the one on _id.
func (c *Collection[T]) DropIndexes() error {
	call := capi.Take()
	defer call.Release()
	return runCommand(c.of, call, newRequest(call, "dropIndexes"), DefaultDurability, nil)
}

// ListIndexes lists the indexes.
func (c *Collection[T]) ListIndexes() ([]IndexInfo, error) {
	call := capi.Take()
	defer call.Release()
	var reply struct{ Indexes []IndexInfo }
	err := runCommand(c.of, call, newRequest(call, "listIndexes"), DefaultDurability, &reply)
	return reply.Indexes, err
}

// Drop removes the collection with its documents and indexes, and says whether there was one.
//
// Errors: ErrInvalidArgument inside a transaction.
func (c *Collection[T]) Drop() (bool, error) {
	if err := c.alone("Drop"); err != nil {
		return false, err
	}
	return c.of.database.DropCollection(c.of.name)
}

// Rename gives the collection another name. This value goes on to mean the old name.
//
// Errors: ErrCollectionNotFound, ErrCollectionExists, ErrInvalidName; ErrInvalidArgument inside a transaction.
func (c *Collection[T]) Rename(name string) error {
	if err := c.alone("Rename"); err != nil {
		return err
	}
	return c.of.database.RenameCollection(c.of.name, name)
}

func (c *Collection[T]) alone(call string) error {
	if c.of.transaction != 0 {
		return failure(ErrInvalidArgument, "%s is asked of a collection itself, outside of transactions", call)
	}
	return nil
}
