// The calls of quire.h by cgo: linked with the library, and checked against the header when this is compiled.
//
// With the tag quire_cgo, `-lquire` and quire.h have to be found: in a checkout by themselves, elsewhere where they are
// installed or by CGO_CFLAGS and CGO_LDFLAGS. Promises: the same functions as calls_purego.go has.

//go:build quire_cgo

package capi

/*
#cgo CFLAGS: -I${SRCDIR}/../../../c/include
#cgo LDFLAGS: -L${SRCDIR}/../../../../native/dist/capi -lquire
#cgo linux darwin LDFLAGS: -Wl,-rpath,${SRCDIR}/../../../../native/dist/capi
#cgo noescape quire_get
#cgo nocallback quire_get
#cgo noescape quire_has
#cgo nocallback quire_has
#cgo noescape quire_insert
#cgo nocallback quire_insert
#cgo noescape quire_put
#cgo nocallback quire_put
#cgo noescape quire_replace
#cgo nocallback quire_replace
#cgo noescape quire_update
#cgo nocallback quire_update
#cgo noescape quire_delete
#cgo nocallback quire_delete
#cgo noescape quire_cursor_next
#cgo nocallback quire_cursor_next
#cgo noescape quire_command
#cgo nocallback quire_command
#cgo noescape quire_find
#cgo nocallback quire_find
#cgo noescape quire_insert_many
#cgo nocallback quire_insert_many
#cgo noescape quire_count
#cgo nocallback quire_count
#include <quire.h>
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Load checks the library that the program is linked with.
func Load() error {
	if found := uint32(C.quire_abi_version()); found != ABIVersion {
		return fmt.Errorf("the library has version %d of the ABI; this package needs %d", found, ABIVersion)
	}
	return nil
}

// Version is the release of the library.
func Version() string {
	return textAt(unsafe.Pointer(C.quire_version()))
}

// StatusCode is the code of a status; empty for a number that is none.
func StatusCode(number int32) string {
	return textAt(unsafe.Pointer(C.quire_status_code(C.int32_t(number))))
}

// LastError gives the message of this thread's last failure, and its page, -1 for none.
func LastError() (message string, page int64) {
	var text *C.char
	var number C.int64_t
	C.quire_last_error(&text, nil, &number)
	return textAt(unsafe.Pointer(text)), int64(number)
}

func freeBuffer(buffer *Buffer) {
	// By a copy: the buffer is part of a Call, which has pointers of Go's.
	lent := *buffer
	C.quire_buffer_free((*C.quire_buffer)(unsafe.Pointer(&lent)))
	*buffer = lent
}

func text(of string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(of)))
}

func bytes(of []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(of)))
}

// Open opens a database; call.Out.Handle is it.
func Open(path string, options []byte, call *Call) int32 {
	return int32(C.quire_open(
		text(path), C.size_t(len(path)), bytes(options), C.size_t(len(options)),
		(*C.uint64_t)(unsafe.Pointer(&call.Out.Handle)),
	))
}

// Close closes a database.
func Close(database uint64) int32 {
	return int32(C.quire_close(C.uint64_t(database)))
}

// Collection opens a collection; call.Out.Handle is it.
func Collection(database uint64, name string, call *Call) int32 {
	return int32(C.quire_collection(
		C.uint64_t(database), text(name), C.size_t(len(name)),
		(*C.uint64_t)(unsafe.Pointer(&call.Out.Handle)),
	))
}

// CreateCollection makes a collection.
func CreateCollection(database uint64, name string, options []byte) int32 {
	return int32(C.quire_create_collection(
		C.uint64_t(database), text(name), C.size_t(len(name)), bytes(options), C.size_t(len(options)),
	))
}

// DropCollection drops a collection; call.Out.Found says whether there was one.
func DropCollection(database uint64, name string, call *Call) int32 {
	return int32(C.quire_drop_collection(
		C.uint64_t(database), text(name), C.size_t(len(name)), (*C.bool)(unsafe.Pointer(&call.Out.Found)),
	))
}

// RenameCollection renames a collection.
func RenameCollection(database uint64, from, to string) int32 {
	return int32(C.quire_rename_collection(
		C.uint64_t(database), text(from), C.size_t(len(from)), text(to), C.size_t(len(to)),
	))
}

// Insert inserts a document; the buffer has its id.
func Insert(collection uint64, durability int32, call *Call) int32 {
	return int32(C.quire_insert(
		C.uint64_t(collection), bytes(call.Request), C.size_t(len(call.Request)), C.int32_t(durability),
		(*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer)),
	))
}

// InsertMany inserts documents; the buffer has their ids.
func InsertMany(collection uint64, durability int32, call *Call) int32 {
	return int32(C.quire_insert_many(
		C.uint64_t(collection), bytes(call.Request), C.size_t(len(call.Request)), C.int32_t(durability),
		(*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer)), (*C.uint64_t)(unsafe.Pointer(&call.Out.Count)),
	))
}

// Get reads a document into the buffer, where call.Out.Found.
func Get(collection uint64, call *Call) int32 {
	return int32(C.quire_get(
		C.uint64_t(collection), bytes(call.ID), C.size_t(len(call.ID)),
		(*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer)), (*C.bool)(unsafe.Pointer(&call.Out.Found)),
	))
}

// Has sets call.Out.Found.
func Has(collection uint64, call *Call) int32 {
	return int32(C.quire_has(
		C.uint64_t(collection), bytes(call.ID), C.size_t(len(call.ID)), (*C.bool)(unsafe.Pointer(&call.Out.Found)),
	))
}

// Put stores a document; call.Out.Found says whether one was there.
func Put(collection uint64, durability int32, call *Call) int32 {
	return int32(C.quire_put(
		C.uint64_t(collection), bytes(call.Request), C.size_t(len(call.Request)), C.int32_t(durability),
		(*C.bool)(unsafe.Pointer(&call.Out.Found)),
	))
}

// Replace replaces a document, where call.Out.Found.
func Replace(collection uint64, durability int32, call *Call) int32 {
	return int32(C.quire_replace(
		C.uint64_t(collection), bytes(call.ID), C.size_t(len(call.ID)), bytes(call.Request), C.size_t(len(call.Request)),
		C.int32_t(durability), (*C.bool)(unsafe.Pointer(&call.Out.Found)),
	))
}

// Update updates a document, where call.Out.Found; call.Out.Modified says whether it changed.
func Update(collection uint64, durability int32, call *Call) int32 {
	return int32(C.quire_update(
		C.uint64_t(collection), bytes(call.ID), C.size_t(len(call.ID)), bytes(call.Request), C.size_t(len(call.Request)),
		C.int32_t(durability), (*C.bool)(unsafe.Pointer(&call.Out.Found)),
		(*C.bool)(unsafe.Pointer(&call.Out.Modified)),
	))
}

// Delete deletes a document, where call.Out.Found.
func Delete(collection uint64, durability int32, call *Call) int32 {
	return int32(C.quire_delete(
		C.uint64_t(collection), bytes(call.ID), C.size_t(len(call.ID)), C.int32_t(durability),
		(*C.bool)(unsafe.Pointer(&call.Out.Found)),
	))
}

// Clear deletes all documents; call.Out.Count is how many.
func Clear(collection uint64, durability int32, call *Call) int32 {
	return int32(C.quire_clear(
		C.uint64_t(collection), C.int32_t(durability), (*C.uint64_t)(unsafe.Pointer(&call.Out.Count)),
	))
}

// Count counts documents into call.Out.Count.
func Count(collection uint64, call *Call) int32 {
	return int32(C.quire_count(
		C.uint64_t(collection), bytes(call.Request), C.size_t(len(call.Request)),
		(*C.uint64_t)(unsafe.Pointer(&call.Out.Count)),
	))
}

// Command runs a command; the buffer has its reply.
func Command(target uint64, durability int32, call *Call) int32 {
	return int32(C.quire_command(
		C.uint64_t(target), bytes(call.Request), C.size_t(len(call.Request)), C.int32_t(durability),
		(*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer)),
	))
}

// Find opens a cursor; call.Out.Handle is it.
func Find(target uint64, call *Call) int32 {
	return int32(C.quire_find(
		C.uint64_t(target), bytes(call.Request), C.size_t(len(call.Request)),
		(*C.uint64_t)(unsafe.Pointer(&call.Out.Handle)),
	))
}

// CursorNext reads call.Out.Count documents into the buffer.
func CursorNext(cursor, documentsMax uint64, bytesMax int, call *Call) int32 {
	return int32(C.quire_cursor_next(
		C.uint64_t(cursor), C.uint64_t(documentsMax), C.size_t(bytesMax),
		(*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer)), (*C.uint64_t)(unsafe.Pointer(&call.Out.Count)),
	))
}

// CursorClose closes a cursor.
func CursorClose(cursor uint64) int32 {
	return int32(C.quire_cursor_close(C.uint64_t(cursor)))
}

// Begin begins a transaction; call.Out.Handle is it.
func Begin(database uint64, options []byte, call *Call) int32 {
	return int32(C.quire_begin(
		C.uint64_t(database), bytes(options), C.size_t(len(options)),
		(*C.uint64_t)(unsafe.Pointer(&call.Out.Handle)),
	))
}

// TransactionCollection opens a collection in a transaction; call.Out.Handle is it.
func TransactionCollection(transaction uint64, name string, call *Call) int32 {
	return int32(C.quire_transaction_collection(
		C.uint64_t(transaction), text(name), C.size_t(len(name)),
		(*C.uint64_t)(unsafe.Pointer(&call.Out.Handle)),
	))
}

// Commit commits a transaction.
func Commit(transaction uint64) int32 {
	return int32(C.quire_commit(C.uint64_t(transaction)))
}

// Rollback rolls a transaction back.
func Rollback(transaction uint64) int32 {
	return int32(C.quire_rollback(C.uint64_t(transaction)))
}

// Watch opens a change stream; call.Out.Handle is it.
func Watch(database uint64, request []byte, call *Call) int32 {
	return int32(C.quire_watch(
		C.uint64_t(database), bytes(request), C.size_t(len(request)),
		(*C.uint64_t)(unsafe.Pointer(&call.Out.Handle)),
	))
}

// WatchNext waits for call.Out.Count events, which are in the buffer.
func WatchNext(stream, eventsMax uint64, bytesMax int, timeoutMs int64, call *Call) int32 {
	return int32(C.quire_watch_next(
		C.uint64_t(stream), C.uint64_t(eventsMax), C.size_t(bytesMax), C.int64_t(timeoutMs),
		(*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer)), (*C.uint64_t)(unsafe.Pointer(&call.Out.Count)),
	))
}

// WatchToken reads the resume token into the buffer.
func WatchToken(stream uint64, call *Call) int32 {
	return int32(C.quire_watch_token(C.uint64_t(stream), (*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer))))
}

// WatchClose closes a change stream.
func WatchClose(stream uint64) int32 {
	return int32(C.quire_watch_close(C.uint64_t(stream)))
}

// Collections lists collections into the buffer.
func Collections(database uint64, call *Call) int32 {
	return int32(C.quire_collections(C.uint64_t(database), (*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer))))
}

// Stats reads figures into the buffer.
func Stats(database uint64, call *Call) int32 {
	return int32(C.quire_stats(C.uint64_t(database), (*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer))))
}

// Sync waits for the disk.
func Sync(database uint64) int32 {
	return int32(C.quire_sync(C.uint64_t(database)))
}

// Checkpoint writes the data file.
func Checkpoint(database uint64) int32 {
	return int32(C.quire_checkpoint(C.uint64_t(database)))
}

// Check checks a database; the buffer has the report.
func Check(database uint64, call *Call) int32 {
	return int32(C.quire_check(C.uint64_t(database), (*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer))))
}

// Compact takes unused room out of a database's file; the buffer has the report.
func Compact(database uint64, call *Call) int32 {
	return int32(C.quire_compact(C.uint64_t(database), (*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer))))
}

// Backup copies a database; the buffer has the report.
func Backup(database uint64, path string, call *Call) int32 {
	return int32(C.quire_backup(
		C.uint64_t(database), text(path), C.size_t(len(path)),
		(*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer)),
	))
}

// Salvage saves what a damaged file holds; the buffer has the report.
func Salvage(from, to string, call *Call) int32 {
	return int32(C.quire_salvage(
		text(from), C.size_t(len(from)), text(to), C.size_t(len(to)),
		(*C.quire_buffer)(unsafe.Pointer(&call.Out.Buffer)),
	))
}

// Expire deletes expired documents; call.Out.Count is how many.
func Expire(database uint64, call *Call) int32 {
	return int32(C.quire_expire(C.uint64_t(database), (*C.uint64_t)(unsafe.Pointer(&call.Out.Count))))
}
