// One predecessor, QuireDB or a reference, measured in a process of its own: puts, puts again, gets and deletes, one
// caller, the same keys and values on every side.
//
// Run by scripts/bench-seeds.mjs, which takes the rounds in turns. Prints one JSON object: nanoseconds an operation.
// Promises: every get is compared with what was put; a side that offers no delete has no figure for it.
// Leaves to others: the sides (quire.go, dskvs.go, memstore.go, references.go), medians and ratios (the script).

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"time"
)

// store is one side.
type store interface {
	put(key string, value []byte) error
	// get reads a value; buffer may hold it, and the result lives until the next call.
	get(key string, buffer []byte) ([]byte, error)
	// remove reports errUnsupported where there is no delete.
	remove(key string) error
	close() error
}

var errUnsupported = fmt.Errorf("this side has no such operation")

// openers make each side in an empty folder; files with build tags add to them.
var openers = map[string]func(folder string) (store, error){}

func main() {
	engine := flag.String("engine", "map", "the side to measure")
	folder := flag.String("folder", "", "an empty folder for its files")
	keysCount := flag.Int("keys", 2048, "keys")
	valueBytes := flag.Int("value", 1000, "bytes of a value")
	passes := flag.Int("passes", 20, "times that every key is read")
	flag.Parse()
	open, is := openers[*engine]
	if !is {
		log.Fatalf("no side is called %s", *engine)
	}
	side, err := open(*folder)
	if err != nil {
		log.Fatal(err)
	}
	figures, err := measure(side, *keysCount, *valueBytes, *passes)
	if err != nil {
		log.Fatal(*engine, ": ", err)
	}
	if err := side.close(); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(figures); err != nil {
		log.Fatal(err)
	}
}

// next is the key that follows in an order that visits all, far apart from each other; 61,803 is prime.
func next(index, count int) int { return (index + 61_803) % count }

// valueOf is printable, because memstore holds texts only.
func valueOf(index, version, size int) []byte {
	value := make([]byte, size)
	for at := range value {
		value[at] = byte('a' + (index*7+version*11+at)%26)
	}
	return value
}

// measure runs the operations one after the other.
func measure(side store, count, size, passes int) (map[string]float64, error) {
	keys := make([]string, count)
	for index := range keys {
		keys[index] = fmt.Sprintf("users/%010d", index)
	}
	figures := map[string]float64{}
	for version, name := range []string{"put", "put again"} {
		values := make([][]byte, count)
		for index := range values {
			values[index] = valueOf(index, version, size)
		}
		elapsed, err := each(count, 1, func(index int) error { return side.put(keys[index], values[index]) })
		if err != nil {
			return nil, err
		}
		figures[name] = elapsed
	}
	if err := check(side, keys, size); err != nil {
		return nil, err
	}
	buffer := make([]byte, 0, 2*size)
	elapsed, err := each(count, passes, func(index int) error {
		value, err := side.get(keys[index], buffer[:0])
		if err == nil && len(value) < size {
			err = fmt.Errorf("a value of %d bytes came back with %d", size, len(value))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	figures["get"] = elapsed
	elapsed, err = each(count, 1, func(index int) error { return side.remove(keys[index]) })
	if err == errUnsupported {
		return figures, nil
	}
	figures["delete"] = elapsed
	return figures, err
}

// each times an operation on every key, passes times over: nanoseconds an operation.
func each(count, passes int, operation func(index int) error) (float64, error) {
	index := 0
	start := time.Now()
	for range count * passes {
		if err := operation(index); err != nil {
			return 0, err
		}
		index = next(index, count)
	}
	return float64(time.Since(start).Nanoseconds()) / float64(count*passes), nil
}

// staleWait is how long a side may take to show what it has acknowledged: memstore's gets run behind its sets.
const staleWait = 5 * time.Second

// check reads everything once, and compares.
func check(side store, keys []string, size int) error {
	until := time.Now().Add(staleWait)
	for index, key := range keys {
		for wanted := string(valueOf(index, 1, size)); ; {
			value, err := side.get(key, nil)
			if err != nil {
				return err
			}
			// QuireDB gives the document, whose last bytes the value is.
			if len(value) >= size && string(value[len(value)-size:]) == wanted {
				break
			}
			if time.Now().After(until) {
				return fmt.Errorf("%s: what was put did not come back", key)
			}
		}
	}
	return nil
}
