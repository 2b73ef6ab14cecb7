// The table of the conformance cases' operations.
//
// Promises: each operation is one call of this package. Leaves to others: their arguments and results
// (conformance_operations_test.go).

package quire_test

import (
	"context"
	"fmt"
	"os"

	quire "github.com/quiredb/quiredb/bindings/go"
)

var background = context.Background()

// operations are all that a case may have. It is filled by init, as the operation `transaction` runs others.
var operations map[string]func(c *call) (any, error)

func init() {
	operations = map[string]func(c *call) (any, error){}
	for _, table := range []map[string]func(c *call) (any, error){documentOperations, collectionOperations,
		databaseOperations} {
		for op, operation := range table {
			operations[op] = operation
		}
	}
}

var documentOperations = map[string]func(c *call) (any, error){
	"insertOne": func(c *call) (any, error) {
		return with(c, func(options ...quire.WriteOptions) (any, error) {
			result, err := c.documents().InsertOne(c.arg("document"), options...)
			return result.InsertedID, err
		}, "document")
	},
	"insertMany": func(c *call) (any, error) {
		documents, is := c.arg("documents").([]any)
		if !is {
			return nil, refused("documents")
		}
		return with(c, func(options ...quire.InsertManyOptions) (any, error) {
			result, err := c.documents().InsertMany(documents, options...)
			ids := quire.Document{}
			for index, id := range result.InsertedIDs {
				ids[fmt.Sprint(index)] = id
			}
			return quire.Document{"insertedCount": result.InsertedCount, "insertedIds": ids}, err
		}, "documents")
	},
	"get":     func(c *call) (any, error) { return orNull(c.documents().Get(c.arg("id"))) },
	"has":     func(c *call) (any, error) { return c.documents().Has(c.arg("id")) },
	"put":     func(c *call) (any, error) { return c.documents().Put(c.arg("document")) },
	"replace": func(c *call) (any, error) { return c.documents().Replace(c.arg("id"), c.arg("document")) },
	"update": func(c *call) (any, error) {
		result, err := c.documents().Update(c.arg("id"), c.arg("update"))
		return quire.Document{"found": result.MatchedCount == 1, "modified": result.ModifiedCount == 1}, err
	},
	"delete": func(c *call) (any, error) { return c.documents().Delete(c.arg("id")) },
	"clear":  func(c *call) (any, error) { return c.documents().Clear() },
	"find": func(c *call) (any, error) {
		query, err := c.query()
		if err != nil {
			return nil, err
		}
		documents, err := query.Slice()
		return append([]any{}, documents...), err
	},
	"findOne": func(c *call) (any, error) {
		return with(c, func(options ...quire.FindOneOptions) (any, error) {
			return orNull(c.documents().FindOne(c.arg("filter"), options...))
		}, "filter")
	},
	"countDocuments": func(c *call) (any, error) {
		if len(c.options("filter")) == 0 {
			return c.documents().CountDocuments(c.arg("filter"))
		}
		query, err := c.query()
		if err != nil {
			return nil, err
		}
		return query.Count()
	},
	"estimatedDocumentCount": func(c *call) (any, error) { return c.documents().EstimatedDocumentCount() },
	"distinct": func(c *call) (any, error) {
		path, is := c.arg("field").(string)
		if !is {
			return nil, refused("field")
		}
		return c.documents().Distinct(path, c.arg("filter"))
	},
	"aggregate": func(c *call) (any, error) {
		results := c.documents().Aggregate(c.arg("pipeline"))
		if _, is := c.name(); !is {
			results = c.run.db.Aggregate(c.arg("pipeline"))
		}
		documents, err := results.Slice()
		list := []any{}
		for _, document := range documents {
			list = append(list, document)
		}
		return list, err
	},
	"updateOne": func(c *call) (any, error) {
		return with(c, func(options ...quire.UpdateOptions) (any, error) {
			result, err := c.documents().UpdateOne(c.arg("filter"), c.arg("update"), options...)
			return updated(result), err
		}, "filter", "update")
	},
	"updateMany": func(c *call) (any, error) {
		return with(c, func(options ...quire.UpdateOptions) (any, error) {
			result, err := c.documents().UpdateMany(c.arg("filter"), c.arg("update"), options...)
			return updated(result), err
		}, "filter", "update")
	},
	"replaceOne": func(c *call) (any, error) {
		return with(c, func(options ...quire.ReplaceOptions) (any, error) {
			result, err := c.documents().ReplaceOne(c.arg("filter"), c.arg("replacement"), options...)
			return updated(result), err
		}, "filter", "replacement")
	},
	"deleteOne": func(c *call) (any, error) {
		return with(c, func(options ...quire.DeleteOptions) (any, error) {
			result, err := c.documents().DeleteOne(c.arg("filter"), options...)
			return quire.Document{"deletedCount": result.DeletedCount}, err
		}, "filter")
	},
	"deleteMany": func(c *call) (any, error) {
		return with(c, func(options ...quire.DeleteOptions) (any, error) {
			result, err := c.documents().DeleteMany(c.arg("filter"), options...)
			return quire.Document{"deletedCount": result.DeletedCount}, err
		}, "filter")
	},
	"findOneAndUpdate": func(c *call) (any, error) {
		return with(c, func(options ...quire.FindOneAndOptions) (any, error) {
			return orNull(c.documents().FindOneAndUpdate(c.arg("filter"), c.arg("update"), options...))
		}, "filter", "update")
	},
	"findOneAndReplace": func(c *call) (any, error) {
		return with(c, func(options ...quire.FindOneAndOptions) (any, error) {
			return orNull(c.documents().FindOneAndReplace(c.arg("filter"), c.arg("replacement"), options...))
		}, "filter", "replacement")
	},
	"findOneAndDelete": func(c *call) (any, error) {
		return with(c, func(options ...quire.FindOneAndOptions) (any, error) {
			return orNull(c.documents().FindOneAndDelete(c.arg("filter"), options...))
		}, "filter")
	},
	"bulkWrite": func(c *call) (any, error) {
		models, err := writeModels(c.arg("operations"))
		if err != nil {
			return nil, err
		}
		return with(c, func(options ...quire.BulkWriteOptions) (any, error) {
			return c.documents().BulkWrite(models, options...)
		}, "operations")
	},
	"openCursor": func(c *call) (any, error) {
		query, err := c.query()
		c.keep(&reader{query: query})
		return nil, err
	},
	"next": func(c *call) (any, error) { return orNull(c.opened().(*reader).next()) },
	"rest": func(c *call) (any, error) {
		rest := []any{}
		for {
			document, err := c.opened().(*reader).next()
			if err == quire.ErrNoDocuments {
				return rest, nil
			}
			if err != nil {
				return nil, err
			}
			rest = append(rest, document)
		}
	},
	"closeCursor": func(c *call) (any, error) {
		reader := c.opened().(*reader)
		if reader.cursor == nil {
			reader.query = nil
			return nil, nil
		}
		return nil, reader.cursor.Close()
	},
	"explain": func(c *call) (any, error) {
		query, err := c.query()
		if err != nil {
			return nil, err
		}
		explanation, err := query.Explain()
		if err != nil {
			return nil, err
		}
		return explained(explanation), nil
	},
	"explainAggregate": func(c *call) (any, error) {
		return c.documents().Aggregate(c.arg("pipeline")).Explain()
	},
}

func (r *reader) next() (any, error) {
	if r.cursor == nil {
		if r.query == nil {
			return nil, quire.ErrNoDocuments
		}
		cursor, err := r.query.Cursor()
		if err != nil {
			return nil, err
		}
		r.cursor = cursor
	}
	return r.cursor.Next()
}

var collectionOperations = map[string]func(c *call) (any, error){
	"createIndex": func(c *call) (any, error) {
		var options quire.IndexOptions
		if err := fill(&options, c.arg("options")); err != nil {
			return nil, err
		}
		return c.collection().CreateIndex(c.arg("keys"), options)
	},
	"createIndexes": func(c *call) (any, error) {
		models, err := modelsOf(c.arg("indexes"))
		if err != nil {
			return nil, err
		}
		return c.collection().CreateIndexes(models)
	},
	"dropIndex":   func(c *call) (any, error) { return nil, c.collection().DropIndex(c.arg("index")) },
	"dropIndexes": func(c *call) (any, error) { return nil, c.collection().DropIndexes() },
	"listIndexes": func(c *call) (any, error) { return c.collection().ListIndexes() },
	"drop":        func(c *call) (any, error) { return c.collection().Drop() },
	"rename": func(c *call) (any, error) {
		to, _ := c.arg("to").(string)
		return nil, c.collection().Rename(to)
	},
	"watch": func(c *call) (any, error) {
		return with(c, func(options ...quire.WatchOptions) (any, error) {
			var opened any
			var err error
			if _, is := c.name(); is {
				opened, err = c.collection().Watch(c.arg("filter"), options...)
			} else {
				opened, err = c.run.db.Watch(c.arg("filter"), options...)
			}
			if err == nil {
				c.keep(opened)
			}
			return nil, err
		}, "filter")
	},
	"events": func(c *call) (any, error) {
		if stream, is := c.opened().(*quire.Stream[any]); is {
			return eventsOf(stream)
		}
		return eventsOf(c.opened().(*quire.Stream[quire.Document]))
	},
	"token": func(c *call) (any, error) {
		return c.opened().(interface{ ResumeToken() string }).ResumeToken(), nil
	},
	"closeStream": func(c *call) (any, error) {
		return nil, c.opened().(interface{ Close() error }).Close()
	},
}

func eventsOf[T any](stream *quire.Stream[T]) (any, error) {
	events := []any{}
	for {
		event, err := stream.TryNext()
		if err != nil || event == nil {
			return events, err
		}
		events = append(events, event)
	}
}

var databaseOperations = map[string]func(c *call) (any, error){
	"createCollection": func(c *call) (any, error) {
		name, _ := c.arg("name").(string)
		_, err := with(c, func(options ...quire.CollectionOptions) (any, error) {
			return nil, c.run.db.CreateCollection(name, options...)
		}, "name")
		return nil, err
	},
	"dropCollection": func(c *call) (any, error) {
		name, _ := c.arg("name").(string)
		return c.run.db.DropCollection(name)
	},
	"renameCollection": func(c *call) (any, error) {
		from, _ := c.arg("from").(string)
		to, _ := c.arg("to").(string)
		return nil, c.run.db.RenameCollection(from, to)
	},
	"listCollections": func(c *call) (any, error) { return c.run.db.ListCollections() },
	"expireDocuments": func(c *call) (any, error) { return c.run.db.ExpireDocuments() },
	"stats":           func(c *call) (any, error) { return c.run.db.Stats() },
	"check":           func(c *call) (any, error) { return c.run.db.Check(background) },
	"sync":            func(c *call) (any, error) { return nil, c.run.db.Sync(background) },
	"checkpoint":      func(c *call) (any, error) { return nil, c.run.db.Checkpoint(background) },
	"compact":         func(c *call) (any, error) { return c.run.db.Compact(background) },
	"backup":          func(c *call) (any, error) { return c.run.db.Backup(background, c.run.file(c.arg("to"))) },
	"salvage": func(c *call) (any, error) {
		return quire.Salvage(background, c.run.path, c.run.file(c.arg("to")))
	},
	"useFile": func(c *call) (any, error) {
		c.run.path = c.run.file(c.arg("name"))
		return nil, c.run.db.Close()
	},
	"close": func(c *call) (any, error) { return nil, c.run.db.Close() },
	"reopen": func(c *call) (any, error) {
		if err := c.run.db.Close(); err != nil {
			return nil, err
		}
		return nil, c.run.open()
	},
	"open": func(c *call) (any, error) {
		c.run.options = c.arguments
		return nil, c.run.open()
	},
	"transaction": func(c *call) (any, error) { return c.inside() },
	"begin": func(c *call) (any, error) {
		return with(c, func(options ...quire.TransactionOptions) (any, error) {
			tx, err := c.run.db.Begin(options...)
			c.keep(tx)
			return nil, err
		})
	},
	"commit":   func(c *call) (any, error) { return nil, c.opened().(*quire.Tx).Commit() },
	"rollback": func(c *call) (any, error) { return nil, c.opened().(*quire.Tx).Rollback() },
	"writeFile": func(c *call) (any, error) {
		return nil, writeFile(c.run.path, c.arg("bytes").([]byte), c.arg("offset"))
	},
	"damageFile": func(c *call) (any, error) {
		bytes, err := os.ReadFile(c.run.path)
		if err != nil {
			return nil, err
		}
		rest := bytes[c.arg("from").(int64):]
		for index := range rest {
			rest[index] = ^rest[index]
		}
		return nil, writeFile(c.run.path, rest, c.arg("from"))
	},
}
