// The examples of the package's page.
//
// Leaves to others: the README's program (readme_test.go).

package quire_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	quire "github.com/quiredb/quiredb/bindings/go"
)

func ExampleCollectionOf() {
	type City struct {
		Name   string `quire:"_id"`
		People int    `quire:"people"`
	}
	db, err := quire.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	cities := quire.CollectionOf[City](db, "cities")
	if _, err := cities.InsertMany([]City{{"Kochi", 600_000}, {"Basel", 180_000}, {"Lyon", 520_000}}); err != nil {
		log.Fatal(err)
	}
	for city, err := range cities.Find(quire.M{"people": quire.M{"$gt": 500_000}}).Sort("people").All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(city.Name)
	}
	_, err = cities.InsertOne(City{Name: "Basel"})
	fmt.Println(errors.Is(err, quire.ErrDuplicateID))
	// Output:
	// Lyon
	// Kochi
	// true
}

func ExampleDB_Transaction() {
	db, err := quire.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	accounts := db.Collection("accounts")
	if _, err := accounts.InsertMany([]quire.Document{{"_id": "a", "sum": 10}, {"_id": "b", "sum": 0}}); err != nil {
		log.Fatal(err)
	}
	err = db.Transaction(context.Background(), func(tx *quire.Tx) error {
		if _, err := accounts.In(tx).Update("a", quire.M{"$inc": quire.M{"sum": -4}}); err != nil {
			return err
		}
		_, err := accounts.In(tx).Update("b", quire.M{"$inc": quire.M{"sum": 4}})
		return err
	})
	b, _ := accounts.Get("b")
	fmt.Println(b["sum"], err)
	// Output: 4 <nil>
}

func ExampleCollection_Watch() {
	db, err := quire.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	stream, err := db.Collection("orders").Watch(quire.M{"operationType": "insert"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Collection("orders").InsertOne(quire.Document{"_id": 1, "item": "book"}); err != nil {
		log.Fatal(err)
	}
	for event, err := range stream.Events(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println((*event.FullDocument)["item"])
		break
	}
	// Output: book
}
