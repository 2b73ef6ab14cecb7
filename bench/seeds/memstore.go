// memstore by its server, which is all of it that can be used: its packages are internal. One command a request over one
// connection that stays open; everything is in the server's memory and gone when it ends.
//
// The server is the program that MEMSTORE names, started on a free port of this machine's own address and ended by close.
// Leaves to others: how the program is had (scripts/bench-seeds.mjs).

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// startWait is the longest time that the server may take to answer.
const startWait = 10 * time.Second

type memstoreStore struct {
	server *exec.Cmd
	url    string
}

type command struct {
	Type  string `json:"cmd_type"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

func init() { openers["memstore"] = openMemstore }

func openMemstore(string) (store, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return nil, err
	}
	server := exec.Command(os.Getenv("MEMSTORE"), "serve", "--port", strconv.Itoa(port))
	// Its own fast mode: otherwise it prints a line a request.
	server.Env = append(os.Environ(), "GIN_MODE=release")
	if err := server.Start(); err != nil {
		return nil, err
	}
	side := &memstoreStore{server, fmt.Sprintf("http://127.0.0.1:%d/v1/execute", port)}
	until := time.Now().Add(startWait)
	for {
		if _, err = side.execute(command{"get", "absent", ""}); err == nil {
			return side, nil
		}
		if time.Now().After(until) {
			_ = server.Process.Kill()
			return nil, err
		}
	}
}

func (s *memstoreStore) execute(asked command) (string, error) {
	body, err := json.Marshal(map[string][]command{"commands": {asked}})
	if err != nil {
		return "", err
	}
	response, err := http.Post(s.url, "application/json", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct{ Results []string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK || len(answer.Results) != 1 {
		return "", fmt.Errorf("memstore answered %s", response.Status)
	}
	return answer.Results[0], nil
}

func (s *memstoreStore) put(key string, value []byte) error {
	_, err := s.execute(command{"set", key, string(value)})
	return err
}

func (s *memstoreStore) get(key string, _ []byte) ([]byte, error) {
	// A get that runs before the writer of its shard finds the empty text.
	value, err := s.execute(command{"get", key, ""})
	return []byte(value), err
}

func (s *memstoreStore) remove(string) error { return errUnsupported }

func (s *memstoreStore) close() error {
	if err := s.server.Process.Kill(); err != nil {
		return err
	}
	_ = s.server.Wait() // It says that it was killed, which it was.
	return nil
}
