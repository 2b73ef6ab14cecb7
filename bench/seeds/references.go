// What the machine allows: a plain map in memory, and a loop that writes and waits for the disk. Both are limits to
// compare with, not stores: the map keeps nothing, the file cannot be read by key.
//
// Shape of the file: zero-filled beforehand and written over in a circle, as a log is that a database prepares.
// Leaves to others: fdatasync where a system has it (sync_linux.go, sync_other.go).

package main

import (
	"os"
	"path/filepath"
)

// bareFileBytes is the room that the loop writes over.
const bareFileBytes = 16 << 20

type mapStore map[string][]byte

func init() {
	openers["map"] = func(string) (store, error) { return mapStore{}, nil }
	openers["bare"] = openBare
}

func (s mapStore) put(key string, value []byte) error {
	s[key] = append([]byte(nil), value...)
	return nil
}
func (s mapStore) get(key string, buffer []byte) ([]byte, error) {
	return append(buffer, s[key]...), nil
}
func (s mapStore) remove(key string) error { delete(s, key); return nil }
func (s mapStore) close() error            { return nil }

// bareStore writes values one after the other and remembers them in a map.
type bareStore struct {
	mapStore
	file *os.File
	at   int64
}

func openBare(folder string) (store, error) {
	file, err := os.Create(filepath.Join(folder, "bare"))
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(make([]byte, bareFileBytes)); err != nil {
		return nil, err
	}
	return &bareStore{mapStore{}, file, 0}, file.Sync()
}

func (s *bareStore) write(value []byte) error {
	if s.at+int64(len(value)) > bareFileBytes {
		s.at = 0
	}
	if _, err := s.file.WriteAt(value, s.at); err != nil {
		return err
	}
	s.at += int64(len(value))
	return syncData(s.file)
}

func (s *bareStore) put(key string, value []byte) error {
	if err := s.write(value); err != nil {
		return err
	}
	return s.mapStore.put(key, value)
}

func (s *bareStore) remove(key string) error {
	if err := s.write([]byte(key)); err != nil {
		return err
	}
	return s.mapStore.remove(key)
}

func (s *bareStore) close() error { return s.file.Close() }
