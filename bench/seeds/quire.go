// QuireDB through its Go module: a document of a key and a value in bytes, each put a commit of its own.
//
// Shape: {_id: key, value: bytes}; gets copy the document's bytes and decode nothing, as the predecessors do.
// Leaves to others: the other sides (dskvs.go, memstore.go, references.go).

package main

import (
	"path/filepath"

	quire "github.com/quiredb/quiredb/bindings/go"
)

type document struct {
	ID    string `quire:"_id"`
	Value []byte `quire:"value"`
}

type quireStore struct {
	db   *quire.DB
	keys *quire.Collection[document]
}

func init() {
	for name, durability := range map[string]quire.Durability{
		"quire-lazy": quire.Lazy, "quire-process": quire.Process, "quire-disk": quire.Disk,
	} {
		openers[name] = func(folder string) (store, error) {
			return openQuire(filepath.Join(folder, "seeds.quire"), durability)
		}
	}
	openers["quire-memory"] = func(string) (store, error) { return openQuire(":memory:", quire.Lazy) }
}

func openQuire(path string, durability quire.Durability) (store, error) {
	db, err := quire.Open(path, quire.Options{Durability: durability})
	if err != nil {
		return nil, err
	}
	return &quireStore{db, quire.CollectionOf[document](db, "users")}, nil
}

func (s *quireStore) put(key string, value []byte) error {
	_, err := s.keys.Put(document{key, value})
	return err
}

func (s *quireStore) get(key string, buffer []byte) ([]byte, error) {
	return s.keys.AppendRaw(buffer, key)
}

func (s *quireStore) remove(key string) error {
	_, err := s.keys.Delete(key)
	return err
}

func (s *quireStore) close() error { return s.db.Close() }
