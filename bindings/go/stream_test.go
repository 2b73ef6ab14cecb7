// Change streams: waiting, contexts, ends, resuming. Nothing here sleeps: each test waits for the event.
//
// Leaves to others: what is told of each change (the conformance cases).

package quire_test

import (
	"context"
	"errors"
	"testing"
	"time"

	quire "github.com/quiredb/quiredb/bindings/go"
)

func TestNextWaitsForTheEvent(t *testing.T) {
	users := withUsers(t, inMemory(t))
	stream := must(users.Watch(nil))(t)
	defer stream.Close()
	type told struct {
		event *quire.Event[user]
		err   error
	}
	events := make(chan told)
	go func() {
		event, err := stream.Next(context.Background())
		events <- told{event, err}
	}()
	must(users.InsertOne(user{ID: "new", Name: "New"}))(t)
	found := <-events
	succeeds(t, found.err)
	if event := found.event; event.OperationType != "insert" || event.FullDocument.Name != "New" ||
		event.DocumentKey.ID != "new" || event.Namespace.Collection != "users" || !event.Commit.IsLast {
		t.Errorf("the event is %+v", found.event)
	}
	if event := must(stream.TryNext())(t); event != nil {
		t.Errorf("there is one more: %+v", event)
	}
}

func TestALoopGivesEventsInOrderAndClosesTheStream(t *testing.T) {
	users := withUsers(t, inMemory(t))
	stream := must(users.Watch(quire.A{quire.M{"$match": quire.M{"operationType": "update"}}},
		quire.WatchOptions{FullDocument: true}))(t)
	must(users.InsertOne(user{ID: "not told"}))(t)
	for range 3 {
		must(users.UpdateOne(quire.M{"_id": "ada"}, older))(t)
	}
	age := 36
	for event, err := range stream.Events(context.Background()) {
		succeeds(t, err)
		age++
		if event.FullDocument.Age != age || event.UpdateDescription.UpdatedFields["age"] != int64(age) {
			t.Errorf("the event of %d is %+v", age, event)
		}
		if age == 39 {
			break
		}
	}
	_, err := stream.Next(context.Background())
	failsWith(t, err, quire.ErrClosed)
	if event, err := stream.TryNext(); event != nil || err != nil {
		t.Errorf("behind the end there are %v, %v", event, err)
	}
}

func TestADeadlineLeavesTheStreamOpenAndACancelEndsIt(t *testing.T) {
	users := withUsers(t, inMemory(t))
	stream := must(users.Watch(nil))(t)
	defer stream.Close()
	late, stop := context.WithTimeout(context.Background(), time.Millisecond)
	defer stop()
	_, err := stream.Next(late)
	failsWith(t, err, context.DeadlineExceeded)
	must(users.Delete("ada"))(t)
	if event := must(stream.Next(context.Background()))(t); event.OperationType != "delete" {
		t.Errorf("the event is %+v", event)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := stream.Next(cancelled)
		ended <- err
	}()
	cancel()
	failsWith(t, <-ended, context.Canceled)
	_, err = stream.Next(context.Background())
	if err == nil {
		t.Error("a stream that was cancelled goes on")
	}
}

func TestClosingWakesWhoWaits(t *testing.T) {
	db := inMemory(t)
	stream := must(db.Watch(nil))(t)
	ended := make(chan error)
	go func() {
		_, err := stream.Next(context.Background())
		ended <- err
	}()
	succeeds(t, stream.Close())
	failsWith(t, <-ended, quire.ErrClosed)
	other := must(db.Watch(nil))(t)
	go func() {
		_, err := other.Next(context.Background())
		ended <- err
	}()
	succeeds(t, db.Close())
	failsWith(t, <-ended, quire.ErrClosed)
}

func TestAStreamGoesOnBehindItsToken(t *testing.T) {
	users := withUsers(t, inMemory(t))
	stream := must(users.Watch(nil))(t)
	defer stream.Close()
	for _, id := range []string{"one", "two", "three"} {
		must(users.InsertOne(user{ID: id}))(t)
	}
	first := must(stream.TryNext())(t)
	if first.ID != stream.ResumeToken() {
		t.Errorf("the token %s is not that of the event %s", stream.ResumeToken(), first.ID)
	}
	resumed := must(users.Watch(nil, quire.WatchOptions{ResumeAfter: stream.ResumeToken()}))(t)
	defer resumed.Close()
	if event := must(resumed.TryNext())(t); event.DocumentKey.ID != "two" {
		t.Errorf("it goes on with %+v", event)
	}
	_, err := users.Watch(nil, quire.WatchOptions{ResumeAfter: "nonsense"})
	failsWith(t, err, quire.ErrInvalidArgument)
	_, err = users.Watch(quire.A{quire.M{"$project": quire.M{}}})
	failsWith(t, err, quire.ErrInvalidArgument)
}

func TestAnInvalidateIsTheLastEvent(t *testing.T) {
	users := withUsers(t, inMemory(t))
	stream := must(users.Watch(nil))(t)
	must(users.Drop())(t)
	var told []string
	for event, err := range stream.Events(context.Background()) {
		succeeds(t, err)
		told = append(told, event.OperationType)
	}
	if len(told) != 2 || told[0] != "drop" || told[1] != "invalidate" || stream.ResumeToken() == "" {
		t.Errorf("it told %v", told)
	}
}

func TestAStreamThatIsReadTooSlowlyOverflows(t *testing.T) {
	db := opened(t, ":memory:", quire.Options{WatchSize: 64 << 10})
	stream := must(db.Watch(nil))(t)
	defer stream.Close()
	var err error
	for count := 0; err == nil && count < 100; count++ {
		must(db.Collection("large").InsertOne(quire.Document{"data": make([]byte, 64<<10)}))(t)
		must(db.Collection("large").InsertOne(quire.Document{"data": make([]byte, 64<<10)}))(t)
		_, err = stream.TryNext()
	}
	if !errors.Is(err, quire.ErrOverflow) {
		t.Errorf("it ended with %v", err)
	}
}
