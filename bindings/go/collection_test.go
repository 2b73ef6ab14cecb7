// Documents of a collection, with types and without: by id, by filters, in batches; and what is refused.
//
// Leaves to others: what filters and updates mean (the conformance cases).

package quire_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	quire "github.com/quiredb/quiredb/bindings/go"
)

func TestATypedDocumentComesBackAsItWasInserted(t *testing.T) {
	users := quire.CollectionOf[user](inMemory(t), "users")
	inserted := must(users.InsertOne(user{Name: "Ada", Age: 36, Tags: []string{"first"}}))(t)
	id, is := inserted.InsertedID.(string)
	if !is || len(id) != 26 {
		t.Fatalf("the id is %v, no ULID", inserted.InsertedID)
	}
	wanted := user{id, "Ada", 36, []string{"first"}}
	if found := must(users.Get(id))(t); !reflect.DeepEqual(found, wanted) {
		t.Errorf("Get gave %+v", found)
	}
	if found := must(users.FindOne(quire.M{"age": quire.M{"$gt": 30}}))(t); !reflect.DeepEqual(found, wanted) {
		t.Errorf("FindOne gave %+v", found)
	}
}

func TestEveryFormOfDocumentIsTakenAndGiven(t *testing.T) {
	db := inMemory(t)
	wanted := quire.Document{"_id": int64(1), "a": "x", "when": time.UnixMilli(5).UTC(), "data": []byte{1}}
	must(db.Collection("forms").InsertOne(wanted))(t)
	if found := must(db.Collection("forms").Get(1))(t); !reflect.DeepEqual(found, wanted) {
		t.Errorf("as a Document: %v", found)
	}
	if found := must(quire.CollectionOf[any](db, "forms").Get(1))(t); !reflect.DeepEqual(found, any(wanted)) {
		t.Errorf("as any: %v", found)
	}
	if found := must(quire.CollectionOf[quire.D](db, "forms").Get(1))(t); len(found) != 4 || found[0].Key != "_id" {
		t.Errorf("as a D: %v", found)
	}
	raw := must(quire.CollectionOf[quire.Raw](db, "forms").Get(1))(t)
	if again := must(db.Collection("forms").AppendRaw(nil, 1))(t); !reflect.DeepEqual([]byte(raw), again) {
		t.Errorf("as Raw %x, by AppendRaw %x", raw, again)
	}
	if replaced := must(quire.CollectionOf[quire.Raw](db, "forms").Put(raw))(t); !replaced {
		t.Error("Put of a Raw replaced nothing")
	}
	var found quire.Document
	succeeds(t, quire.Unmarshal(raw, &found))
	if !reflect.DeepEqual(found, wanted) {
		t.Errorf("by Unmarshal: %v", found)
	}
}

type label string

func TestAnIDIsAnyStringIntegerOrBytes(t *testing.T) {
	things := inMemory(t).Collection("things")
	for _, id := range []any{"text", 5, int64(-5), uint8(200), uint64(1 << 40), []byte{1, 2}, label("named"), [2]byte{3, 4}} {
		must(things.Put(quire.Document{"_id": id}))(t)
		if is := must(things.Has(id))(t); !is {
			t.Errorf("there is no %v (%T)", id, id)
		}
		if is := must(things.Delete(id))(t); !is {
			t.Errorf("%v (%T) was not deleted", id, id)
		}
	}
	for _, id := range []any{nil, 1.5, true, quire.M{}, strings.Repeat("x", 2000)} {
		_, err := things.Get(id)
		failsWith(t, err, quire.ErrInvalidID)
	}
}

func TestCallsByIDSayWhatTheyDid(t *testing.T) {
	users := withUsers(t, inMemory(t))
	result := must(users.Update("ada", quire.M{"$inc": quire.M{"age": 1}}))(t)
	if result.MatchedCount != 1 || result.ModifiedCount != 1 {
		t.Errorf("Update did %+v", result)
	}
	if result = must(users.Update("ada", quire.M{"$set": quire.M{"age": 37}}))(t); result.ModifiedCount != 0 {
		t.Errorf("an update that changes nothing did %+v", result)
	}
	if result = must(users.Update("nobody", quire.M{"$inc": quire.M{"age": 1}}))(t); result.MatchedCount != 0 {
		t.Errorf("an update of nobody did %+v", result)
	}
	if was := must(users.Replace("nobody", user{Name: "No"}))(t); was {
		t.Error("a document that is not there was replaced")
	}
	if was := must(users.Replace("ada", user{Name: "Lady Ada"}))(t); !was || must(users.Get("ada"))(t).Name != "Lady Ada" {
		t.Error("Ada was not replaced")
	}
	if was := must(users.Delete("nobody"))(t); was {
		t.Error("nobody was deleted")
	}
	if count := must(users.Clear())(t); count != 3 {
		t.Errorf("Clear says %d", count)
	}
}

func TestWhatIsNotThereIsErrNoDocuments(t *testing.T) {
	users := withUsers(t, inMemory(t))
	_, err := users.Get("nobody")
	failsWith(t, err, quire.ErrNoDocuments)
	_, err = users.AppendRaw(nil, "nobody")
	failsWith(t, err, quire.ErrNoDocuments)
	_, err = users.FindOne(quire.M{"name": "nobody"})
	failsWith(t, err, quire.ErrNoDocuments)
	_, err = users.FindOne(nil, quire.FindOneOptions{Sort: "name", Skip: 3})
	failsWith(t, err, quire.ErrNoDocuments)
	_, err = users.FindOneAndDelete(quire.M{"name": "nobody"})
	failsWith(t, err, quire.ErrNoDocuments)
}

func TestADuplicateIsToldByItsKindAndText(t *testing.T) {
	users := withUsers(t, inMemory(t))
	_, err := users.InsertOne(user{ID: "ada"})
	failsWith(t, err, quire.ErrDuplicateID)
	var told *quire.Error
	if !errors.As(err, &told) || told.Code != quire.ErrDuplicateID || told.Page != -1 || !strings.Contains(told.Message, "ada") {
		t.Errorf("the error is %#v", err)
	}
	if errors.Is(err, quire.ErrDuplicateKey) || told.Code.String() != "DUPLICATE_ID" {
		t.Errorf("the kind is %v", told.Code)
	}
	_, err = users.InsertMany([]user{{ID: "new"}, {ID: "grace"}})
	failsWith(t, err, quire.ErrDuplicateID)
	if is := must(users.Has("new"))(t); is {
		t.Error("an insertMany that failed inserted something")
	}
}

func TestAnUnorderedInsertManySaysWhatItDid(t *testing.T) {
	users := withUsers(t, inMemory(t))
	documents := []user{{ID: "one"}, {ID: "ada"}, {ID: "two"}, {ID: "linus"}}
	result, err := users.InsertMany(documents, quire.InsertManyOptions{Unordered: true})
	failsWith(t, err, quire.ErrDuplicateID)
	if wanted := []any{"one", nil, "two", nil}; result.InsertedCount != 2 || !reflect.DeepEqual(result.InsertedIDs, wanted) {
		t.Errorf("it did %+v", result)
	}
	var bulk *quire.BulkWriteError
	if !errors.As(err, &bulk) || len(bulk.WriteErrors) != 2 || bulk.WriteErrors[1].Index != 3 ||
		bulk.WriteErrors[1].Code != quire.ErrDuplicateID {
		t.Errorf("the error is %#v", err)
	}
}

func TestABulkWriteDoesWhatItsModelsSay(t *testing.T) {
	users := withUsers(t, inMemory(t))
	result := must(users.BulkWrite([]quire.WriteModel{
		quire.InsertOneModel{Document: user{ID: "new", Age: 1}},
		quire.UpdateManyModel{Filter: quire.M{"age": quire.M{"$lt": 40}}, Update: quire.M{"$inc": quire.M{"age": 1}}},
		quire.UpdateOneModel{Filter: quire.M{"_id": "up"}, Update: quire.M{"$set": quire.M{"age": 9}}, Upsert: true},
		quire.ReplaceOneModel{Filter: quire.M{"_id": "ada"}, Replacement: user{Name: "Lady Ada"}},
		quire.DeleteOneModel{Filter: quire.M{"_id": "linus"}},
		quire.DeleteManyModel{Filter: quire.M{"_id": "grace"}},
	}))(t)
	if result.InsertedCount != 1 || result.ModifiedCount != 4 || result.DeletedCount != 2 || result.UpsertedCount != 1 ||
		result.InsertedIDs["0"] != "new" || result.UpsertedIDs["2"] != "up" {
		t.Errorf("it did %+v", result)
	}
	_, err := users.BulkWrite([]quire.WriteModel{nil})
	failsWith(t, err, quire.ErrInvalidArgument)
}

func TestAForgottenFilterOrOperatorIsRefused(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	_, err := users.DeleteMany(nil)
	failsWith(t, err, quire.ErrInvalidArgument)
	_, err = users.UpdateMany(nil, quire.M{"$set": quire.M{"age": 1}})
	failsWith(t, err, quire.ErrInvalidArgument)
	_, err = users.UpdateOne(quire.M{}, quire.M{"age": 1})
	failsWith(t, err, quire.ErrInvalidUpdate)
	_, err = users.UpdateOne(quire.M{}, user{Name: "no operator"})
	failsWith(t, err, quire.ErrInvalidUpdate)
	_, err = users.Update("ada", quire.M{})
	failsWith(t, err, quire.ErrInvalidUpdate)
	_, err = db.Collection("users").Replace("ada", quire.M{"$set": 1})
	failsWith(t, err, quire.ErrInvalidUpdate)
	if count := must(users.CountDocuments(nil))(t); count != 3 {
		t.Errorf("%d users are left", count)
	}
}

func TestAStoredValueThatDoesNotFitIsATypeMismatchWithItsPath(t *testing.T) {
	db := inMemory(t)
	must(db.Collection("users").InsertOne(quire.Document{"_id": "x", "age": "old"}))(t)
	_, err := quire.CollectionOf[user](db, "users").Get("x")
	failsWith(t, err, quire.ErrTypeMismatch)
	if !strings.Contains(err.Error(), "age: ") {
		t.Errorf("the path is missing: %v", err)
	}
	_, err = db.Collection("users").InsertOne(quire.Document{"a": quire.M{"b": make(chan int)}})
	failsWith(t, err, quire.ErrUnsupportedValue)
	if !strings.Contains(err.Error(), "a.b: ") {
		t.Errorf("the path is missing: %v", err)
	}
}

func TestAPointReadAllocatesLittle(t *testing.T) {
	users := withUsers(t, inMemory(t))
	room := make([]byte, 0, 1024)
	raw := testing.AllocsPerRun(1000, func() {
		var err error
		if room, err = users.AppendRaw(room[:0], "ada"); err != nil {
			t.Fatal(err)
		}
	})
	// The race detector keeps pools from working as they do.
	if raw > 1 && !underRaceDetector {
		t.Errorf("a raw read allocates %v times", raw)
	}
}

func TestOptionsAreTakenOnce(t *testing.T) {
	users := withUsers(t, inMemory(t))
	_, err := users.Delete("ada", quire.WriteOptions{}, quire.WriteOptions{})
	failsWith(t, err, quire.ErrInvalidArgument)
	if is := must(users.Delete("ada", quire.WriteOptions{Durability: quire.Disk}))(t); !is {
		t.Error("Ada was not deleted")
	}
}
