// The types that stand for MessagePack's values where Go has none of its own, and the errors of converting.
//
// Promises: a Document's fields are written in the order of their names, so that documents of one shape are stored
// alike; a D keeps its order. Leaves to others: writing (encode.go), reading (decode.go).

// Package pack converts Go's values to MessagePack and back: maps, structs by their tags, and raw bytes.
package pack

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Document is a map of fields; its order says nothing.
type Document = map[string]any

// D is a document whose fields have an order, as sorts, index keys and commands need it.
type D []E

// E is one field of a D.
type E struct {
	Key   string
	Value any
}

// Raw is one value as it is in MessagePack.
type Raw []byte

// Extension is a value of a MessagePack extension type that Go has no type for.
type Extension struct {
	// Type is the number of the extension.
	Type int8
	// Data is its content.
	Data []byte
}

// ErrUnsupported is the kind of errors of values that MessagePack or the engine cannot hold.
var ErrUnsupported = errors.New("unsupported value")

// ErrMismatch is the kind of errors of stored values that do not fit the Go type they are read into.
var ErrMismatch = errors.New("type mismatch")

// depthMax ends the walk through a value that contains itself. The engine refuses far less.
const depthMax = 1000

// pathError is an error of the value at a path.
type pathError struct {
	kind    error
	path    []string // from the innermost outwards
	message string
}

func (e *pathError) Unwrap() error { return e.kind }

func (e *pathError) Error() string {
	if len(e.path) == 0 {
		return e.message
	}
	var path strings.Builder
	for index := len(e.path) - 1; index >= 0; index-- {
		path.WriteString(e.path[index])
		if index > 0 {
			path.WriteByte('.')
		}
	}
	return path.String() + ": " + e.message
}

func unsupported(format string, arguments ...any) error {
	return &pathError{kind: ErrUnsupported, message: fmt.Sprintf(format, arguments...)}
}

func mismatch(format string, arguments ...any) error {
	return &pathError{kind: ErrMismatch, message: fmt.Sprintf(format, arguments...)}
}

// in adds the field or the place that the error is in to its path.
func in(err error, key string) error {
	if located, is := err.(*pathError); is {
		located.path = append(located.path, key)
	}
	return err
}

func at(err error, index int) error {
	return in(err, strconv.Itoa(index))
}
