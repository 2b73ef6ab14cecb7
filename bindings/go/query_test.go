// Reading by filters: loops, cursors, aggregation, indexes.
//
// Leaves to others: what filters, sorts and stages mean (the conformance cases).

package quire_test

import (
	"reflect"
	"testing"

	quire "github.com/quiredb/quiredb/bindings/go"
)

func names(t *testing.T, query *quire.Query[user]) []string {
	t.Helper()
	var found []string
	for one, err := range query.All() {
		succeeds(t, err)
		found = append(found, one.Name)
	}
	return found
}

func TestALoopGivesWhatTheQueryAsksFor(t *testing.T) {
	users := withUsers(t, inMemory(t))
	for _, one := range []struct {
		query  *quire.Query[user]
		wanted []string
	}{
		{users.Find(nil).Sort("name"), []string{"Ada", "Grace", "Linus"}},
		{users.Find(quire.M{"age": quire.M{"$gt": 30}}).Sort(quire.M{"age": -1}), []string{"Grace", "Ada"}},
		{users.Find(struct {
			Name string `quire:"name"`
		}{"Ada"}), []string{"Ada"}},
		{users.Find(nil).Sort(quire.D{{Key: "age", Value: 1}}).Skip(1).Limit(1), []string{"Ada"}},
		{users.Find(nil).Limit(0), nil},
		{users.Find(quire.M{"name": "nobody"}), nil},
	} {
		if found := names(t, one.query); !reflect.DeepEqual(found, one.wanted) {
			t.Errorf("%v expected, got %v", one.wanted, found)
		}
		if count := must(one.query.Count())(t); count != int64(len(one.wanted)) {
			t.Errorf("Count says %d of %v", count, one.wanted)
		}
	}
	one := must(users.Find(nil).Sort("name").Project(quire.M{"age": 1}).Slice())(t)[0]
	if one.Name != "" || one.Age != 36 {
		t.Errorf("a projection gave %+v", one)
	}
}

func TestALoopOverManyBatchesGivesEachDocumentOnce(t *testing.T) {
	numbers := inMemory(t).Collection("numbers")
	documents := make([]quire.Document, 20_000)
	for index := range documents {
		documents[index] = quire.Document{"_id": index, "text": "some more bytes, so that there are several batches"}
	}
	must(numbers.InsertMany(documents))(t)
	seen := make([]bool, len(documents))
	for document, err := range numbers.Find(nil).All() {
		succeeds(t, err)
		id := document["_id"].(int64)
		if seen[id] {
			t.Fatalf("%d came twice", id)
		}
		seen[id] = true
	}
	for id, is := range seen {
		if !is {
			t.Fatalf("%d did not come", id)
		}
	}
}

func TestLeavingALoopClosesItsCursor(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	for range 100 {
		for range users.Find(nil).All() {
			break
		}
	}
	// A cursor that is open keeps what it sees; closed ones keep nothing, and the collection can be dropped.
	must(users.UpdateMany(quire.M{}, quire.M{"$inc": quire.M{"age": 1}}))(t)
	if stats := must(db.Stats())(t); stats.VersionBytes != 0 {
		t.Errorf("%d bytes are kept for cursors", stats.VersionBytes)
	}
}

func TestAnErrorIsTheLastThingThatALoopGives(t *testing.T) {
	users := withUsers(t, inMemory(t))
	count := 0
	for _, err := range users.Find(quire.M{"age": quire.M{"$nope": 1}}).All() {
		count++
		failsWith(t, err, quire.ErrInvalidFilter)
	}
	if count != 1 {
		t.Errorf("the loop ran %d times", count)
	}
	_, err := users.Find(nil).Sort(quire.M{"age": 2}).Slice()
	failsWith(t, err, quire.ErrInvalidSort)
	_, err = users.Find(nil).Project(quire.A{"age"}).Slice()
	failsWith(t, err, quire.ErrInvalidProjection)
	_, err = users.Find(nil).Limit(-1).Slice()
	failsWith(t, err, quire.ErrInvalidArgument)
}

func TestACursorSeesTheMomentAtWhichItWasOpened(t *testing.T) {
	users := withUsers(t, inMemory(t))
	cursor := must(users.Find(nil).Cursor())(t)
	must(users.Clear())(t)
	count := 0
	for {
		_, err := cursor.Next()
		if err == quire.ErrNoDocuments {
			break
		}
		succeeds(t, err)
		count++
	}
	if count != 3 {
		t.Errorf("it gave %d documents", count)
	}
	succeeds(t, cursor.Close())
	_, err := cursor.Next()
	failsWith(t, err, quire.ErrNoDocuments)
}

func TestAnAggregationGivesResultsOfAType(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	type row struct {
		Old   bool `quire:"_id"`
		Count int  `quire:"count"`
	}
	pipeline := quire.A{
		quire.M{"$group": quire.M{"_id": quire.M{"$gt": quire.A{"$age", 30}}, "count": quire.M{"$sum": 1}}},
		quire.M{"$sort": quire.M{"_id": 1}},
	}
	rows := must(quire.AggregateAs[row](users, pipeline).Slice())(t)
	if !reflect.DeepEqual(rows, []row{{false, 1}, {true, 2}}) {
		t.Errorf("it gave %v", rows)
	}
	of := db.Aggregate([]quire.M{{"$documents": quire.A{quire.M{"x": 1}}}})
	if found := must(of.Slice())(t); len(found) != 1 || found[0]["x"] != int64(1) {
		t.Errorf("the database gave %v", found)
	}
	if _, err := users.Aggregate(quire.A{quire.M{"$nope": 1}}).Slice(); err == nil {
		t.Error("a stage that is none was taken")
	}
	values := must(users.Distinct("age", quire.M{"age": quire.M{"$lt": 40}}))(t)
	if len(values) != 2 {
		t.Errorf("distinct gave %v", values)
	}
}

func TestIndexesAreMadeListedUsedAndDropped(t *testing.T) {
	users := withUsers(t, inMemory(t))
	name := must(users.CreateIndex(quire.D{{Key: "name", Value: 1}, {Key: "age", Value: -1}}, quire.IndexOptions{Unique: true}))(t)
	if name != "name_1_age_-1" {
		t.Errorf("it is called %s", name)
	}
	seconds := int64(60)
	must(users.CreateIndexes([]quire.IndexModel{{Keys: "at", ExpireAfterSeconds: &seconds},
		{Keys: "age", Name: "ages", PartialFilterExpression: quire.M{"age": quire.M{"$gt": 1}}}}))(t)
	_, err := users.InsertOne(user{ID: "other", Name: "Ada", Age: 36})
	failsWith(t, err, quire.ErrDuplicateKey)
	indexes := must(users.ListIndexes())(t)
	if len(indexes) != 4 || indexes[1].Key[1].Key != "age" || !indexes[1].Unique || indexes[1].EntriesCount != 3 ||
		*indexes[2].ExpireAfterSeconds != 60 || indexes[3].PartialFilterExpression == nil {
		t.Errorf("there are %+v", indexes)
	}
	explanation := must(users.Find(quire.M{"name": "Ada"}).Hint(name).Explain())(t)
	if examined := explanation["executionStats"].(quire.Document)["totalKeysExamined"]; examined != int64(1) {
		t.Errorf("%v keys were examined", examined)
	}
	succeeds(t, users.DropIndex(name))
	succeeds(t, users.DropIndex(quire.D{{Key: "age", Value: 1}}))
	failsWith(t, users.DropIndex("nope"), quire.ErrIndexNotFound)
	failsWith(t, users.DropIndex(nil), quire.ErrInvalidArgument)
	succeeds(t, users.DropIndexes())
	if left := must(users.ListIndexes())(t); len(left) != 1 {
		t.Errorf("%v are left", left)
	}
}

func TestFindOneAndGivesTheDocumentBeforeOrAfter(t *testing.T) {
	users := withUsers(t, inMemory(t))
	older := quire.M{"$inc": quire.M{"age": 1}}
	if before := must(users.FindOneAndUpdate(quire.M{"_id": "ada"}, older))(t); before.Age != 36 {
		t.Errorf("before: %+v", before)
	}
	after := must(users.FindOneAndUpdate(quire.M{}, older, quire.FindOneAndOptions{
		ReturnDocument: quire.After, Sort: quire.M{"age": -1}, Projection: quire.M{"age": 1},
	}))(t)
	if after.ID != "grace" || after.Age != 46 || after.Name != "" {
		t.Errorf("after: %+v", after)
	}
	if replaced := must(users.FindOneAndReplace(quire.M{"_id": "ada"}, user{Name: "Lady Ada"},
		quire.FindOneAndOptions{ReturnDocument: quire.After}))(t); replaced.Name != "Lady Ada" || replaced.ID != "ada" {
		t.Errorf("replaced: %+v", replaced)
	}
	if deleted := must(users.FindOneAndDelete(quire.M{"_id": "ada"}))(t); deleted.Name != "Lady Ada" {
		t.Errorf("deleted: %+v", deleted)
	}
}
