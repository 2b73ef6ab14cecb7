// The operations of the conformance cases, by the calls of this package.
//
// An option that Go's types do not have, or not of that type, is one that the compiler refuses: ErrInvalidArgument, or
// ErrInvalidIndex for one of an index.
// Promises: every operation of test/conformance/README.md is here. Leaves to others: running them
// (conformance_test.go).

package quire_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	quire "github.com/quiredb/quiredb/bindings/go"
)

// call is one step with what it works on.
type call struct {
	run       *run
	step      quire.D
	where     string
	tx        *quire.Tx
	arguments quire.D
}

// reader is an open cursor, opened when it is first read.
type reader struct {
	query  *quire.Query[any]
	cursor *quire.Cursor[any]
}

func (c *call) arg(name string) any { return field(c.arguments, name) }

// name is the step's collection; false for the database.
func (c *call) name() (string, bool) {
	if !has(c.step, "collection") {
		return things, true
	}
	name, is := field(c.step, "collection").(string)
	return name, is
}

func (c *call) collection() *quire.Collection[any] {
	name, _ := c.name()
	return quire.CollectionOf[any](c.run.db, name)
}

// documents are those of the collection, in the transaction of the step where it has one.
func (c *call) documents() *quire.Collection[any] {
	tx := c.tx
	if name, is := field(c.step, "of").(string); is && tx == nil {
		tx = c.run.opened[name].(*quire.Tx)
	}
	if tx == nil {
		return c.collection()
	}
	return c.collection().In(tx)
}

// opened is what `of` names.
func (c *call) opened() any { return c.run.opened[field(c.step, "of").(string)] }

func (c *call) keep(opened any) {
	if name, is := field(c.step, "as").(string); is {
		c.run.opened[name] = opened
	}
}

// options are the arguments but those named.
func (c *call) options(but ...string) quire.D {
	rest := quire.D{}
	for _, argument := range c.arguments {
		if !strings.Contains(" "+strings.Join(but, " ")+" ", " "+argument.Key+" ") {
			rest = append(rest, argument)
		}
	}
	return rest
}

// with fills options from the arguments but those named, and makes a call with them.
func with[O, R any](c *call, make func(options ...O) (R, error), but ...string) (any, error) {
	given := c.options(but...)
	if len(given) == 0 {
		return make()
	}
	var options O
	if err := fill(&options, given); err != nil {
		return nil, err
	}
	return make(options)
}

// orNull is a document, or null where there is none.
func orNull(document any, err error) (any, error) {
	if err == quire.ErrNoDocuments {
		return nil, nil
	}
	return document, err
}

// query is the arguments of find.
func (c *call) query() (*quire.Query[any], error) {
	query := c.documents().Find(c.arg("filter"))
	for _, option := range c.options("filter") {
		number, isNumber := option.Value.(int64)
		switch {
		case option.Key == "sort":
			query.Sort(option.Value)
		case option.Key == "projection":
			query.Project(option.Value)
		case option.Key == "hint":
			query.Hint(option.Value)
		case option.Key == "skip" && isNumber:
			query.Skip(number)
		case option.Key == "limit" && isNumber:
			query.Limit(number)
		default:
			return nil, refused(option.Key)
		}
	}
	return query, nil
}

func refused(option string) error {
	return &quire.Error{Code: quire.ErrInvalidArgument, Message: "no such option in Go: " + option, Page: -1}
}

// fill sets the fields of options by their names in the cases.
func fill(options any, given any) error {
	fields, _ := given.(quire.D)
	into := reflect.ValueOf(options).Elem()
	for _, option := range fields {
		name, value := option.Key, option.Value
		switch name {
		case "ordered":
			name, value = "unordered", value == false
		case "create":
			name, value = "mustExist", value == false
		case "fullDocument":
			value = value != "default"
		}
		if name == "key" {
			name = "keys"
		}
		target := into.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
		if !target.IsValid() || !set(target, value) {
			if _, is := options.(*quire.IndexModel); is {
				return quire.ErrInvalidIndex
			}
			return refused(option.Key)
		}
	}
	return nil
}

// set sets an option; whether it is of its type.
func set(target reflect.Value, value any) bool {
	switch target.Interface().(type) {
	case quire.Durability:
		for _, level := range []quire.Durability{quire.Process, quire.Disk, quire.Lazy} {
			if value == level.String() {
				target.SetInt(int64(level))
				return true
			}
		}
		return false
	case quire.ReturnDocument:
		if value == "after" {
			target.SetInt(int64(quire.After))
		}
		return value == "after" || value == "before"
	case time.Duration:
		number, is := value.(int64)
		if target.SetInt(int64(time.Duration(number) * time.Millisecond)); number == 0 {
			target.SetInt(-1) // Go's zero is the default, and what is negative means none
		}
		return is && number >= 0
	case []string:
		list, is := value.([]any)
		for _, element := range list {
			target.Set(reflect.Append(target, reflect.ValueOf(element)))
		}
		return is
	case *int64:
		number, is := value.(int64)
		target.Set(reflect.ValueOf(&number))
		return is
	}
	if number, is := value.(int64); is && target.Kind() == reflect.Int64 && number == 0 {
		value = int64(-1) // as above
	}
	if value == nil || !reflect.TypeOf(value).AssignableTo(target.Type()) {
		return value == nil
	}
	target.Set(reflect.ValueOf(value))
	return true
}

func modelsOf(given any) ([]quire.IndexModel, error) {
	list, is := given.([]any)
	if !is {
		return nil, refused("indexes")
	}
	models := make([]quire.IndexModel, len(list))
	for index, one := range list {
		if err := fill(&models[index], one); err != nil {
			return nil, err
		}
	}
	return models, nil
}

// writeModels are the operations of bulkWrite.
func writeModels(given any) ([]quire.WriteModel, error) {
	list, is := given.([]any)
	if !is {
		return nil, refused("operations")
	}
	models := make([]quire.WriteModel, len(list))
	for index, one := range list {
		operation, _ := one.(quire.D)
		if len(operation) != 1 {
			return nil, refused(fmt.Sprint(one))
		}
		model := map[string]quire.WriteModel{
			"insertOne":  &quire.InsertOneModel{},
			"updateOne":  &quire.UpdateOneModel{},
			"updateMany": &quire.UpdateManyModel{},
			"replaceOne": &quire.ReplaceOneModel{},
			"deleteOne":  &quire.DeleteOneModel{},
			"deleteMany": &quire.DeleteManyModel{},
		}[operation[0].Key]
		if model == nil {
			return nil, refused(operation[0].Key)
		}
		if err := fill(model, operation[0].Value); err != nil {
			return nil, err
		}
		models[index] = model
	}
	return models, nil
}

// failedBulk is what a failed bulk write did, and what it did not.
func failedBulk(failed *quire.BulkWriteError) any {
	result := plain(failed.Result).(quire.Document)
	errors := []any{}
	for _, one := range failed.WriteErrors {
		errors = append(errors, quire.Document{"index": one.Index, "code": one.Code.String()})
	}
	result["writeErrors"] = errors
	return result
}

func updated(result quire.UpdateResult) any {
	return quire.Document{"matchedCount": result.MatchedCount, "modifiedCount": result.ModifiedCount,
		"upsertedId": result.UpsertedID}
}

// explained is the names of a plan's stages, the last one first, the index that it reads, and what that took.
func explained(explanation quire.Document) any {
	result := quire.Document{"indexName": nil}
	for name, figure := range explanation["executionStats"].(quire.Document) {
		result[name] = figure
	}
	stages := []any{}
	stage, _ := field(explanation["queryPlanner"], "winningPlan").(quire.Document)
	for stage != nil {
		stages = append(stages, stage["stage"])
		if name := stage["indexName"]; name != nil && result["indexName"] == nil {
			result["indexName"] = name
		}
		next, is := stage["inputStage"].(quire.Document)
		if inputs, are := stage["inputStages"].([]any); !is && are && len(inputs) > 0 {
			next, _ = inputs[0].(quire.Document)
		}
		stage = next
	}
	result["stages"] = stages
	return result
}

// inside runs the steps of a transaction.
func (c *call) inside() (any, error) {
	var options quire.TransactionOptions
	if err := fill(&options, c.arguments); err != nil {
		return nil, err
	}
	err := c.run.db.Transaction(context.Background(), func(tx *quire.Tx) error {
		if err := c.run.steps(c.step, tx, c.where+", "); err != nil {
			return err
		}
		if field(c.step, "end") == "rollback" {
			return errRollback
		}
		return nil
	}, options)
	if errors.Is(err, errRollback) {
		return nil, nil
	}
	return nil, err
}

// writeFile writes into the file, or makes it of these bytes alone.
func writeFile(path string, bytes []byte, offset any) error {
	at, is := offset.(int64)
	if !is {
		return os.WriteFile(path, bytes, 0o600)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteAt(bytes, at)
	return err
}
