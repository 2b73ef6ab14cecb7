// DSKVS in process: a map in memory and, behind it, one file a key, written by a janitor and never synced.
//
// Durability: none against a power cut; killed, it loses the newest key (SEEDS of the project measured both). Gets give
// the stored bytes themselves, not a copy. Built where the module could be had (build tag dskvs).

//go:build dskvs

package main

import (
	"fmt"

	"github.com/aybabtme/dskvs"
)

type dskvsStore struct{ of *dskvs.Store }

func init() {
	openers["dskvs"] = func(folder string) (store, error) {
		of, err := dskvs.Open(folder)
		return &dskvsStore{of}, err
	}
}

func (s *dskvsStore) put(key string, value []byte) error { return s.of.Put(key, value) }

func (s *dskvsStore) get(key string, _ []byte) ([]byte, error) {
	value, is, err := s.of.Get(key)
	if err == nil && !is {
		err = fmt.Errorf("%s is not found", key)
	}
	return value, err
}

func (s *dskvsStore) remove(key string) error { return s.of.Delete(key) }

func (s *dskvsStore) close() error { return s.of.Close() }
