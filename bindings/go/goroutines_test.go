// Many goroutines on one database: what they write is there, what they read is whole, and each error is its own.
//
// Promises: run under the race detector too. Leaves to others: the engine's own threads (its tests).

package quire_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	quire "github.com/quiredb/quiredb/bindings/go"
)

const (
	goroutines = 16
	rounds     = 100
)

// together runs a function in many goroutines, and waits for them.
func together(t *testing.T, run func(number int) error) {
	t.Helper()
	var all sync.WaitGroup
	failures := make(chan error, goroutines)
	for number := range goroutines {
		all.Go(func() {
			if err := run(number); err != nil {
				failures <- err
			}
		})
	}
	all.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
}

func TestManyGoroutinesWriteAndReadAtOnce(t *testing.T) {
	db := inMemory(t)
	together(t, func(number int) error {
		users := quire.CollectionOf[user](db, "users")
		for round := range rounds {
			id := fmt.Sprintf("%d-%d", number, round)
			if _, err := users.InsertOne(user{ID: id, Name: strings.Repeat(id, 10), Age: number}); err != nil {
				return err
			}
			found, err := users.Get(id)
			if err != nil || found.Name != strings.Repeat(id, 10) {
				return fmt.Errorf("%s was read as %+v: %w", id, found, err)
			}
			count := 0
			for one, err := range users.Find(quire.M{"age": number}).All() {
				if err != nil || one.Age != number {
					return fmt.Errorf("%+v is not of %d: %w", one, number, err)
				}
				count++
			}
			if count != round+1 {
				return fmt.Errorf("%d found %d documents in round %d", number, count, round)
			}
		}
		return nil
	})
	if count := must(db.Collection("users").EstimatedDocumentCount())(t); count != goroutines*rounds {
		t.Errorf("there are %d documents", count)
	}
}

func TestEachGoroutineGetsItsOwnError(t *testing.T) {
	db := inMemory(t)
	together(t, func(number int) error {
		things := db.Collection("things")
		id := fmt.Sprintf("the id of %d", number)
		if _, err := things.InsertOne(quire.Document{"_id": id}); err != nil {
			return err
		}
		for range rounds * 10 {
			_, err := things.InsertOne(quire.Document{"_id": id})
			var told *quire.Error
			if !errors.As(err, &told) || told.Code != quire.ErrDuplicateID || !strings.Contains(told.Message, `"`+id+`"`) {
				return fmt.Errorf("%s got the error %w", id, err)
			}
			runtime.Gosched()
		}
		return nil
	})
}

func TestTransactionsOfManyGoroutinesLoseNothing(t *testing.T) {
	db := inMemory(t)
	counters := db.Collection("counters")
	must(counters.InsertOne(quire.Document{"_id": "all", "count": 0}))(t)
	together(t, func(int) error {
		for range rounds / 10 {
			err := db.Transaction(context.Background(), func(tx *quire.Tx) error {
				found, err := counters.In(tx).Get("all")
				if err != nil {
					return err
				}
				_, err = counters.In(tx).Put(quire.Document{"_id": "all", "count": found["count"].(int64) + 1})
				return err
			}, quire.TransactionOptions{Collections: []string{"counters"}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if found := must(counters.Get("all"))(t); found["count"] != int64(goroutines*(rounds/10)) {
		t.Errorf("the counter is %v", found["count"])
	}
}

func TestCursorsAndStreamsThatAreForgottenAreGivenBack(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	together(t, func(int) error {
		for range rounds {
			if _, err := users.Find(nil).Cursor(); err != nil {
				return err
			}
			if _, err := users.Watch(nil); err != nil {
				return err
			}
		}
		return nil
	})
	// What a cursor sees is kept while it is open.
	must(users.UpdateMany(quire.M{}, older))(t)
	for round := 0; must(db.Stats())(t).VersionBytes > 0; round++ {
		if round == 1000 {
			t.Fatal("cursors that nobody has any more are still open")
		}
		runtime.GC()
		runtime.Gosched()
	}
}

func TestClosingWhileOthersReadGivesThemClosed(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	begun := make(chan struct{}, goroutines)
	go func() {
		for range goroutines {
			<-begun
		}
		db.Close()
	}()
	together(t, func(int) error {
		for round := 0; ; round++ {
			_, err := users.Get("ada")
			if round == 0 {
				begun <- struct{}{}
			}
			if errors.Is(err, quire.ErrClosed) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
}
