// What a call costs: point reads, decoded and raw, and batches of inserts. `go test -run - -bench . -benchmem`, and the
// same with -tags quire_cgo.
//
// Shape: 100,000 documents of about 200 bytes in memory, read by ids in an order that looks random. Leaves to others: the
// engine's own speed (bench/ of the repository).

package quire_test

import (
	"fmt"
	"testing"

	quire "github.com/quiredb/quiredb/bindings/go"
)

const (
	benchDocuments = 100_000
	batchDocuments = 1_000
)

// person is a document of about 200 bytes.
type person struct {
	ID     int64    `quire:"_id"`
	Name   string   `quire:"name"`
	Email  string   `quire:"email"`
	City   string   `quire:"city"`
	Age    int      `quire:"age"`
	Score  float64  `quire:"score"`
	Tags   []string `quire:"tags"`
	Active bool     `quire:"active"`
}

func personOf(id int64) person {
	return person{
		ID: id, Name: fmt.Sprintf("Person number %d of the benchmark", id), Email: fmt.Sprintf("person%d@example.com", id),
		City: "Königsberg in the Neumark", Age: int(id % 90), Score: float64(id) / 3,
		Tags: []string{"first", "second", "third"}, Active: id%2 == 0,
	}
}

func filled(b *testing.B) *quire.DB {
	b.Helper()
	db, err := quire.Open(":memory:")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	people := quire.CollectionOf[person](db, "people")
	batch := make([]person, 0, batchDocuments)
	for id := range int64(benchDocuments) {
		if batch = append(batch, personOf(id)); len(batch) == batchDocuments {
			if _, err := people.InsertMany(batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	return db
}

// next is the id that follows in an order that visits all, far apart from each other.
func next(id int64) int64 { return (id + 61_803) % benchDocuments }

func benchmarkGet[T any](b *testing.B) {
	people := quire.CollectionOf[T](filled(b), "people")
	id := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := people.Get(id); err != nil {
			b.Fatal(err)
		}
		id = next(id)
	}
}

func BenchmarkGetStruct(b *testing.B)   { benchmarkGet[person](b) }
func BenchmarkGetDocument(b *testing.B) { benchmarkGet[quire.Document](b) }

func BenchmarkGetRaw(b *testing.B) {
	people := filled(b).Collection("people")
	id := int64(0)
	var raw []byte
	var err error
	b.ReportAllocs()
	for b.Loop() {
		if raw, err = people.AppendRaw(raw[:0], id); err != nil {
			b.Fatal(err)
		}
		id = next(id)
	}
	b.ReportMetric(float64(len(raw)), "bytes/doc")
}

func BenchmarkHas(b *testing.B) {
	people := filled(b).Collection("people")
	id := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		if is, err := people.Has(id); err != nil || !is {
			b.Fatal(is, err)
		}
		id = next(id)
	}
}

func BenchmarkGetRawParallel(b *testing.B) {
	people := filled(b).Collection("people")
	b.ReportAllocs()
	b.RunParallel(func(each *testing.PB) {
		id := int64(0)
		var raw []byte
		var err error
		for each.Next() {
			if raw, err = people.AppendRaw(raw[:0], id); err != nil {
				b.Error(err)
				return
			}
			id = next(id)
		}
	})
}

// benchmarkInsertMany inserts a thousand documents at a time; what is inserted is deleted again off the clock.
func benchmarkInsertMany[T any](b *testing.B, batch []T) {
	db, err := quire.Open(":memory:")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	people := quire.CollectionOf[T](db, "people")
	count := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := people.InsertMany(batch); err != nil {
			b.Fatal(err)
		}
		if count += len(batch); count%benchDocuments == 0 {
			b.StopTimer()
			if _, err := people.Clear(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(count)/b.Elapsed().Seconds(), "docs/s")
}

// unnamed is a person without an _id.
type unnamed struct {
	Name   string   `quire:"name"`
	Email  string   `quire:"email"`
	City   string   `quire:"city"`
	Age    int      `quire:"age"`
	Score  float64  `quire:"score"`
	Tags   []string `quire:"tags"`
	Active bool     `quire:"active"`
}

func batchOf[T any](convert func(one person) T) []T {
	batch := make([]T, batchDocuments)
	for index := range batch {
		batch[index] = convert(personOf(int64(index)))
	}
	return batch
}

func unnamedOf(one person) unnamed {
	return unnamed{one.Name, one.Email, one.City, one.Age, one.Score, one.Tags, one.Active}
}

func BenchmarkInsertManyStruct(b *testing.B) {
	benchmarkInsertMany(b, batchOf(unnamedOf))
}

func BenchmarkInsertManyDocument(b *testing.B) {
	benchmarkInsertMany(b, batchOf(func(one person) quire.Document {
		return quire.Document{"name": one.Name, "email": one.Email, "city": one.City, "age": one.Age,
			"score": one.Score, "tags": quire.A{"first", "second", "third"}, "active": one.Active}
	}))
}

func BenchmarkInsertManyRaw(b *testing.B) {
	benchmarkInsertMany(b, batchOf(func(one person) quire.Raw {
		raw, err := quire.Marshal(unnamedOf(one))
		if err != nil {
			b.Fatal(err)
		}
		return raw
	}))
}

func BenchmarkScanStruct(b *testing.B) {
	people := quire.CollectionOf[person](filled(b), "people")
	b.ReportAllocs()
	count := 0
	for b.Loop() {
		for _, err := range people.Find(nil).All() {
			if err != nil {
				b.Fatal(err)
			}
			count++
		}
	}
	b.ReportMetric(float64(count)/b.Elapsed().Seconds(), "docs/s")
}
