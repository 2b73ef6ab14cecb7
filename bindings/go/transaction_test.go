// Transactions: committing, rolling back, conflicts, waits, and contexts.
//
// Leaves to others: isolation (the engine's tests, and the conformance cases).

package quire_test

import (
	"context"
	"errors"
	"testing"
	"time"

	quire "github.com/quiredb/quiredb/bindings/go"
)

var older = quire.M{"$inc": quire.M{"age": 1}}

func ageOf(t *testing.T, users *quire.Collection[user], id string) int {
	t.Helper()
	return must(users.Get(id))(t).Age
}

func TestAFunctionThatReturnsNilCommitsAllOfItsWrites(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	err := db.Transaction(context.Background(), func(tx *quire.Tx) error {
		if _, err := users.In(tx).UpdateOne(quire.M{"_id": "ada"}, older); err != nil {
			return err
		}
		if inside, outside := ageOf(t, users.In(tx), "ada"), ageOf(t, users, "ada"); inside != 37 || outside != 36 {
			t.Errorf("Ada is %d inside, and %d outside", inside, outside)
		}
		_, err := tx.Collection("log").InsertOne(quire.Document{"who": "ada"})
		return err
	}, quire.TransactionOptions{Durability: quire.Disk, Collections: []string{"users"}})
	succeeds(t, err)
	if count := must(db.Collection("log").CountDocuments(nil))(t); count != 1 || ageOf(t, users, "ada") != 37 {
		t.Error("not all was committed")
	}
}

func TestAnErrorOrAPanicRollsBack(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	mine := errors.New("mine")
	err := db.Transaction(context.Background(), func(tx *quire.Tx) error {
		must(users.In(tx).Clear())(t)
		return mine
	})
	if err != mine {
		t.Errorf("the error came back as %v", err)
	}
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("the panic was lost")
			}
		}()
		_ = db.Transaction(context.Background(), func(tx *quire.Tx) error {
			must(users.In(tx).Clear())(t)
			panic("mine")
		})
	}()
	if count := must(users.CountDocuments(nil))(t); count != 3 {
		t.Errorf("%d users are left", count)
	}
	// Nothing is held any more.
	must(users.UpdateOne(quire.M{"_id": "ada"}, older))(t)
}

func TestAFunctionThatMetAConflictIsRunAgain(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	runs := 0
	body := func(tx *quire.Tx) error {
		runs++
		age := ageOf(t, users.In(tx), "ada")
		if runs == 1 {
			// Somebody else commits between this one's read and its write.
			must(users.UpdateOne(quire.M{"_id": "ada"}, older))(t)
		}
		_, err := users.In(tx).UpdateOne(quire.M{"_id": "ada"}, quire.M{"$set": quire.M{"age": age + 10}})
		return err
	}
	succeeds(t, db.Transaction(context.Background(), body))
	if age := ageOf(t, users, "ada"); runs != 2 || age != 47 {
		t.Errorf("it ran %d times, and Ada is %d", runs, age)
	}
	runs = 0
	failsWith(t, db.Transaction(context.Background(), body, quire.TransactionOptions{Retries: -1}), quire.ErrConflict)
}

func TestAWriteOutsideThatWouldWaitForItsOwnTransactionIsBusyAtOnce(t *testing.T) {
	db := opened(t, ":memory:", quire.Options{LockWait: time.Hour})
	users := withUsers(t, db)
	err := db.Transaction(context.Background(), func(tx *quire.Tx) error {
		must(users.In(tx).UpdateOne(quire.M{"_id": "ada"}, older))(t)
		_, err := users.UpdateOne(quire.M{"_id": "grace"}, older)
		return err
	})
	failsWith(t, err, quire.ErrBusy)
}

func TestAWriteOfAnotherGoroutineWaitsForTheTransaction(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	written := make(chan error, 1)
	succeeds(t, db.Transaction(context.Background(), func(tx *quire.Tx) error {
		must(users.In(tx).UpdateOne(quire.M{"_id": "ada"}, older))(t)
		go func() {
			_, err := users.UpdateOne(quire.M{"_id": "ada"}, older)
			written <- err
		}()
		return nil
	}))
	succeeds(t, <-written)
	if age := ageOf(t, users, "ada"); age != 38 {
		t.Errorf("Ada is %d", age)
	}
}

func TestATransactionThatEndedRefusesEveryCall(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	tx := must(db.Begin())(t)
	inside := users.In(tx)
	must(inside.UpdateOne(quire.M{"_id": "ada"}, older))(t)
	succeeds(t, tx.Commit())
	failsWith(t, tx.Commit(), quire.ErrTransactionEnded)
	failsWith(t, tx.Rollback(), quire.ErrTransactionEnded)
	_, err := inside.Get("ada")
	failsWith(t, err, quire.ErrTransactionEnded)
	_, err = tx.Collection("never used").Get("ada")
	failsWith(t, err, quire.ErrTransactionEnded)
	if age := ageOf(t, users, "ada"); age != 37 {
		t.Errorf("Ada is %d", age)
	}
}

func TestWhatIsNoPartOfTransactionsIsRefusedInside(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	tx := must(db.Begin())(t)
	defer tx.Rollback()
	_, err := users.In(tx).CreateIndex("age")
	failsWith(t, err, quire.ErrInvalidArgument)
	_, err = users.In(tx).Drop()
	failsWith(t, err, quire.ErrInvalidArgument)
	failsWith(t, users.In(tx).Rename("others"), quire.ErrInvalidArgument)
	_, err = users.In(tx).Watch(nil)
	failsWith(t, err, quire.ErrInvalidArgument)
}

func TestAContextThatIsDoneRollsBackBeforeTheCommit(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	ctx, cancel := context.WithCancel(context.Background())
	err := db.Transaction(ctx, func(tx *quire.Tx) error {
		must(users.In(tx).Clear())(t)
		cancel()
		return nil
	})
	failsWith(t, err, context.Canceled)
	if count := must(users.CountDocuments(nil))(t); count != 3 {
		t.Errorf("%d users are left", count)
	}
}

func TestAFunctionMayEndItsTransactionItself(t *testing.T) {
	db := inMemory(t)
	users := withUsers(t, db)
	succeeds(t, db.Transaction(context.Background(), func(tx *quire.Tx) error {
		must(users.In(tx).Clear())(t)
		return tx.Rollback()
	}))
	if count := must(users.CountDocuments(nil))(t); count != 3 {
		t.Errorf("%d users are left", count)
	}
}
