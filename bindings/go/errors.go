// Errors: what kind of failure each is, with its text and the damaged page.
//
// Promises: every kind that the engine has is a Code with its number, which never changes; an *Error unwraps to its
// Code, so errors.Is tells kinds apart: errors.Is(err, quire.ErrDuplicateID). Leaves to others: what each call fails
// with (their comments, and docs/ABI.md of the repository).

package quire

import (
	"errors"
	"fmt"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
	"github.com/quiredb/quiredb/bindings/go/internal/pack"
)

// Code is a kind of failure. Each one is an error itself, to be compared by errors.Is.
type Code int32

// The kinds that the engine has.
const (
	// ErrInvalidArgument: An argument has a value that the call does not take.
	ErrInvalidArgument Code = 1
	// ErrInvalidDocument: Bytes are not one well-formed MessagePack map.
	ErrInvalidDocument Code = 2
	// ErrInvalidID: An _id is not a string, a 64-bit integer or binary, or is longer than 1 KiB.
	ErrInvalidID Code = 3
	// ErrDocumentTooLarge: The document is larger than documentBytesMax.
	ErrDocumentTooLarge Code = 4
	// ErrDuplicateID: A document with this _id is already in the collection.
	ErrDuplicateID Code = 5
	// ErrCollectionNotFound: The collection named does not exist.
	ErrCollectionNotFound Code = 6
	// ErrCollectionExists: A collection of this name exists already.
	ErrCollectionExists Code = 7
	// ErrInvalidFilter: The filter is malformed or uses an unknown operator.
	ErrInvalidFilter Code = 8
	// ErrInvalidUpdate: The update is malformed or does not fit the document.
	ErrInvalidUpdate Code = 9
	// ErrInvalidName: A collection name is empty, too long, or has a character that is not allowed.
	ErrInvalidName Code = 10
	// ErrClosed: The handle was closed before this call.
	ErrClosed Code = 11
	// ErrReadOnly: A write was asked of a database opened read-only.
	ErrReadOnly Code = 12
	// ErrLocked: Another process holds the database.
	ErrLocked Code = 13
	// ErrNotADatabase: The file is not a QuireDB database.
	ErrNotADatabase Code = 14
	// ErrUnsupportedFormat: The file was written by a newer release.
	ErrUnsupportedFormat Code = 15
	// ErrCorrupted: Bytes read from disk are damaged.
	ErrCorrupted Code = 16
	// ErrDiskFull: The disk has no room; nothing was changed.
	ErrDiskFull Code = 17
	// ErrIO: The operating system refused a read, write or sync.
	ErrIO Code = 18
	// ErrPoisoned: An earlier failure left the disk's state unknown: close and open again.
	ErrPoisoned Code = 19
	// ErrBusy: An open transaction holds the collection, or another call uses the handle.
	ErrBusy Code = 20
	// ErrConflict: Another transaction changed what this one read: run it again.
	ErrConflict Code = 21
	// ErrSnapshotTooOld: A snapshot was held too long under heavy writes.
	ErrSnapshotTooOld Code = 22
	// ErrTransactionTooLarge: One commit would exceed the largest log frame.
	ErrTransactionTooLarge Code = 23
	// ErrTransactionEnded: The transaction was already committed or rolled back.
	ErrTransactionEnded Code = 24
	// ErrOutOfMemory: Memory could not be had.
	ErrOutOfMemory Code = 25
	// ErrLimitExceeded: A fixed limit is reached.
	ErrLimitExceeded Code = 26
	// ErrCannotOpen: The path is absent, a directory, or not permitted.
	ErrCannotOpen Code = 27
	// ErrInternal: A bug in QuireDB; please report it.
	ErrInternal Code = 28
	// ErrInvalidExpression: An aggregation expression is malformed.
	ErrInvalidExpression Code = 29
	// ErrInvalidPipeline: An aggregation pipeline is malformed.
	ErrInvalidPipeline Code = 30
	// ErrInvalidIndex: An index is defined by keys or options that it cannot have.
	ErrInvalidIndex Code = 31
	// ErrIndexNotFound: The index named does not exist.
	ErrIndexNotFound Code = 32
	// ErrIndexExists: An index of this name or on these keys has other options.
	ErrIndexExists Code = 33
	// ErrDuplicateKey: A unique index holds this key for another document.
	ErrDuplicateKey Code = 34
	// ErrInvalidProjection: A projection is malformed.
	ErrInvalidProjection Code = 35
	// ErrInvalidSort: A sort order is malformed.
	ErrInvalidSort Code = 36
	// ErrOverflow: A change stream was read too slowly.
	ErrOverflow Code = 37
	// ErrHistoryLost: The changes after the resume token are no longer kept.
	ErrHistoryLost Code = 38
	// ErrForked: The handle was made before this process was forked off.
	ErrForked Code = 39
)

// The kinds that this package has besides.
const (
	// ErrNoDocuments: No document matches, or has the id that was asked for.
	ErrNoDocuments Code = -1 - iota
	// ErrUnsupportedValue: A value that was given cannot be stored.
	ErrUnsupportedValue
	// ErrTypeMismatch: A stored value does not fit the Go type that it is read into.
	ErrTypeMismatch
	// ErrNoLibrary: The library of the engine was not found, or is another version.
	ErrNoLibrary
)

// codes are the names of the kinds.
var codes = map[Code]string{
	ErrInvalidArgument:     "INVALID_ARGUMENT",
	ErrInvalidDocument:     "INVALID_DOCUMENT",
	ErrInvalidID:           "INVALID_ID",
	ErrDocumentTooLarge:    "DOCUMENT_TOO_LARGE",
	ErrDuplicateID:         "DUPLICATE_ID",
	ErrCollectionNotFound:  "COLLECTION_NOT_FOUND",
	ErrCollectionExists:    "COLLECTION_EXISTS",
	ErrInvalidFilter:       "INVALID_FILTER",
	ErrInvalidUpdate:       "INVALID_UPDATE",
	ErrInvalidName:         "INVALID_NAME",
	ErrClosed:              "CLOSED",
	ErrReadOnly:            "READ_ONLY",
	ErrLocked:              "LOCKED",
	ErrNotADatabase:        "NOT_A_DATABASE",
	ErrUnsupportedFormat:   "UNSUPPORTED_FORMAT",
	ErrCorrupted:           "CORRUPTED",
	ErrDiskFull:            "DISK_FULL",
	ErrIO:                  "IO",
	ErrPoisoned:            "POISONED",
	ErrBusy:                "BUSY",
	ErrConflict:            "CONFLICT",
	ErrSnapshotTooOld:      "SNAPSHOT_TOO_OLD",
	ErrTransactionTooLarge: "TRANSACTION_TOO_LARGE",
	ErrTransactionEnded:    "TRANSACTION_ENDED",
	ErrOutOfMemory:         "OUT_OF_MEMORY",
	ErrLimitExceeded:       "LIMIT_EXCEEDED",
	ErrCannotOpen:          "CANNOT_OPEN",
	ErrInternal:            "INTERNAL",
	ErrInvalidExpression:   "INVALID_EXPRESSION",
	ErrInvalidPipeline:     "INVALID_PIPELINE",
	ErrInvalidIndex:        "INVALID_INDEX",
	ErrIndexNotFound:       "INDEX_NOT_FOUND",
	ErrIndexExists:         "INDEX_EXISTS",
	ErrDuplicateKey:        "DUPLICATE_KEY",
	ErrInvalidProjection:   "INVALID_PROJECTION",
	ErrInvalidSort:         "INVALID_SORT",
	ErrOverflow:            "OVERFLOW",
	ErrHistoryLost:         "HISTORY_LOST",
	ErrForked:              "FORKED",
	ErrNoDocuments:         "NO_DOCUMENTS",
	ErrUnsupportedValue:    "UNSUPPORTED_VALUE",
	ErrTypeMismatch:        "TYPE_MISMATCH",
	ErrNoLibrary:           "NO_LIBRARY",
}

// numbers are the kinds by their names.
var numbers = func() map[string]Code {
	made := make(map[string]Code, len(codes))
	for code, name := range codes {
		made[name] = code
	}
	return made
}()

// String is the code as every language has it, such as "DUPLICATE_ID".
func (c Code) String() string {
	if name, is := codes[c]; is {
		return name
	}
	// A newer library may have kinds that this package does not know.
	if c > 0 && capi.Load() == nil {
		if name := capi.StatusCode(int32(c)); name != "" {
			return name
		}
	}
	return fmt.Sprintf("status %d", int32(c))
}

// Error is the text of the kind, for where there is none that says more.
func (c Code) Error() string {
	return "quire: " + c.String()
}

// Error is a failure of a call.
type Error struct {
	// Code is its kind.
	Code Code
	// Message says what was asked, what was found and what helps. It is for people and may change.
	Message string
	// Page is the damaged page of the file; -1 for none.
	Page int64
}

func (e *Error) Error() string {
	return "quire: " + e.Code.String() + ": " + e.Message
}

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Code }

// lastError is the failure that the call before on this thread ended with.
func lastError(status int32) error {
	message, page := capi.LastError()
	return &Error{Code: Code(status), Message: message, Page: page}
}

func failure(code Code, format string, arguments ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, arguments...), Page: -1}
}

// ofValue is an error of converting a value as this package gives it.
func ofValue(err error) error {
	code := ErrTypeMismatch
	if errors.Is(err, pack.ErrUnsupported) {
		code = ErrUnsupportedValue
	}
	return &Error{Code: code, Message: err.Error(), Page: -1}
}

// codeOf is the kind of an error of this package.
func codeOf(err error) Code {
	code := ErrInternal
	errors.As(err, &code)
	return code
}
