// The calls of quire.h without cgo: their addresses, called with the arguments in registers.
//
// purego's SyscallN takes them as they are, where its RegisterFunc would go through reflection each time. Promises: what
// a pointer points to is on the heap and stays there during the call, as SyscallN sees to for conversions in its own
// arguments. Leaves to others: finding the library (library.go).

//go:build !quire_cgo

package capi

import (
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library has the addresses of the calls.
var library struct {
	abiVersion, version, statusCode, lastError, bufferFree uintptr

	open, close, collection, createCollection, dropCollection, renameCollection,
	insert, insertMany, get, has, put, replace, update, delete, clear, count, command, find,
	cursorNext, cursorClose, begin, transactionCollection, commit, rollback, watch, watchNext,
	watchToken, watchClose, collections, stats, sync, checkpoint, check, backup, compact,
	salvage, expire uintptr
}

// symbols are the names of the calls, with the places of their addresses.
var symbols = []struct {
	name    string
	address *uintptr
}{
	{"quire_abi_version", &library.abiVersion},
	{"quire_version", &library.version},
	{"quire_status_code", &library.statusCode},
	{"quire_last_error", &library.lastError},
	{"quire_buffer_free", &library.bufferFree},
	{"quire_open", &library.open},
	{"quire_close", &library.close},
	{"quire_collection", &library.collection},
	{"quire_create_collection", &library.createCollection},
	{"quire_drop_collection", &library.dropCollection},
	{"quire_rename_collection", &library.renameCollection},
	{"quire_insert", &library.insert},
	{"quire_insert_many", &library.insertMany},
	{"quire_get", &library.get},
	{"quire_has", &library.has},
	{"quire_put", &library.put},
	{"quire_replace", &library.replace},
	{"quire_update", &library.update},
	{"quire_delete", &library.delete},
	{"quire_clear", &library.clear},
	{"quire_count", &library.count},
	{"quire_command", &library.command},
	{"quire_find", &library.find},
	{"quire_cursor_next", &library.cursorNext},
	{"quire_cursor_close", &library.cursorClose},
	{"quire_begin", &library.begin},
	{"quire_transaction_collection", &library.transactionCollection},
	{"quire_commit", &library.commit},
	{"quire_rollback", &library.rollback},
	{"quire_watch", &library.watch},
	{"quire_watch_next", &library.watchNext},
	{"quire_watch_token", &library.watchToken},
	{"quire_watch_close", &library.watchClose},
	{"quire_collections", &library.collections},
	{"quire_stats", &library.stats},
	{"quire_sync", &library.sync},
	{"quire_checkpoint", &library.checkpoint},
	{"quire_check", &library.check},
	{"quire_backup", &library.backup},
	{"quire_compact", &library.compact},
	{"quire_salvage", &library.salvage},
	{"quire_expire", &library.expire},
}

// invoke calls what is asked often: its arguments lie in the Call, where SyscallN would take memory for them each time.
// What they point to is the Call's as well, and stays as long as it.
func (c *Call) invoke(address uintptr, arguments ...uintptr) int32 {
	count := copy(c.arguments[:], arguments)
	result := status(purego.SyscallN(address, c.arguments[:count]...))
	runtime.KeepAlive(c)
	return result
}

func (c *Call) id() uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(c.ID))) }

func (c *Call) request() uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(c.Request))) }

// status is the int32_t that a call returns in a register of 64 bits.
func status(result, _, _ uintptr) int32 {
	return int32(uint32(result))
}

// Version is the release of the library.
func Version() string {
	text, _, _ := purego.SyscallN(library.version)
	return textAt(pointerOf(text))
}

// StatusCode is the code of a status; empty for a number that is none.
func StatusCode(number int32) string {
	text, _, _ := purego.SyscallN(library.statusCode, uintptr(number))
	return textAt(pointerOf(text))
}

// LastError gives the message of this thread's last failure, and its page, -1 for none.
func LastError() (message string, page int64) {
	failure := new(struct {
		message unsafe.Pointer
		page    int64
	})
	purego.SyscallN(library.lastError,
		uintptr(unsafe.Pointer(&failure.message)), 0, uintptr(unsafe.Pointer(&failure.page)))
	return textAt(failure.message), failure.page
}

func freeBuffer(buffer *Buffer) {
	if buffer.data != nil {
		purego.SyscallN(library.bufferFree, uintptr(unsafe.Pointer(buffer)))
	}
}

// pointerOf is a result of the library's as a pointer. It points to memory that Go does not move.
func pointerOf(result uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&result))
}

// Open opens a database; call.Out.Handle is it.
func Open(path string, options []byte, call *Call) int32 {
	return status(purego.SyscallN(library.open,
		uintptr(unsafe.Pointer(unsafe.StringData(path))), uintptr(len(path)),
		uintptr(unsafe.Pointer(unsafe.SliceData(options))), uintptr(len(options)),
		uintptr(unsafe.Pointer(&call.Out.Handle)),
	))
}

// Close closes a database.
func Close(database uint64) int32 {
	return status(purego.SyscallN(library.close, uintptr(database)))
}

// Collection opens a collection; call.Out.Handle is it.
func Collection(database uint64, name string, call *Call) int32 {
	return status(purego.SyscallN(library.collection,
		uintptr(database), uintptr(unsafe.Pointer(unsafe.StringData(name))), uintptr(len(name)),
		uintptr(unsafe.Pointer(&call.Out.Handle)),
	))
}

// CreateCollection makes a collection.
func CreateCollection(database uint64, name string, options []byte) int32 {
	return status(purego.SyscallN(library.createCollection,
		uintptr(database), uintptr(unsafe.Pointer(unsafe.StringData(name))), uintptr(len(name)),
		uintptr(unsafe.Pointer(unsafe.SliceData(options))), uintptr(len(options)),
	))
}

// DropCollection drops a collection; call.Out.Found says whether there was one.
func DropCollection(database uint64, name string, call *Call) int32 {
	return status(purego.SyscallN(library.dropCollection,
		uintptr(database), uintptr(unsafe.Pointer(unsafe.StringData(name))), uintptr(len(name)),
		uintptr(unsafe.Pointer(&call.Out.Found)),
	))
}

// RenameCollection renames a collection.
func RenameCollection(database uint64, from, to string) int32 {
	return status(purego.SyscallN(library.renameCollection,
		uintptr(database), uintptr(unsafe.Pointer(unsafe.StringData(from))), uintptr(len(from)),
		uintptr(unsafe.Pointer(unsafe.StringData(to))), uintptr(len(to)),
	))
}

// Insert inserts a document; the buffer has its id.
func Insert(collection uint64, durability int32, call *Call) int32 {
	return call.invoke(library.insert,
		uintptr(collection), call.request(), uintptr(len(call.Request)),
		uintptr(durability), uintptr(unsafe.Pointer(&call.Out.Buffer)),
	)
}

// InsertMany inserts documents; the buffer has their ids.
func InsertMany(collection uint64, durability int32, call *Call) int32 {
	return call.invoke(library.insertMany,
		uintptr(collection), call.request(), uintptr(len(call.Request)),
		uintptr(durability), uintptr(unsafe.Pointer(&call.Out.Buffer)),
		uintptr(unsafe.Pointer(&call.Out.Count)),
	)
}

// Get reads a document into the buffer, where call.Out.Found.
func Get(collection uint64, call *Call) int32 {
	return call.invoke(library.get,
		uintptr(collection), call.id(), uintptr(len(call.ID)),
		uintptr(unsafe.Pointer(&call.Out.Buffer)), uintptr(unsafe.Pointer(&call.Out.Found)),
	)
}

// Has sets call.Out.Found.
func Has(collection uint64, call *Call) int32 {
	return call.invoke(library.has,
		uintptr(collection), call.id(), uintptr(len(call.ID)),
		uintptr(unsafe.Pointer(&call.Out.Found)),
	)
}

// Put stores a document; call.Out.Found says whether one was there.
func Put(collection uint64, durability int32, call *Call) int32 {
	return call.invoke(library.put,
		uintptr(collection), call.request(), uintptr(len(call.Request)),
		uintptr(durability), uintptr(unsafe.Pointer(&call.Out.Found)),
	)
}

// Replace replaces a document, where call.Out.Found.
func Replace(collection uint64, durability int32, call *Call) int32 {
	return call.invoke(library.replace,
		uintptr(collection), call.id(), uintptr(len(call.ID)),
		call.request(), uintptr(len(call.Request)), uintptr(durability),
		uintptr(unsafe.Pointer(&call.Out.Found)),
	)
}

// Update updates a document, where call.Out.Found; call.Out.Modified says whether it changed.
func Update(collection uint64, durability int32, call *Call) int32 {
	return call.invoke(library.update,
		uintptr(collection), call.id(), uintptr(len(call.ID)),
		call.request(), uintptr(len(call.Request)), uintptr(durability),
		uintptr(unsafe.Pointer(&call.Out.Found)), uintptr(unsafe.Pointer(&call.Out.Modified)),
	)
}

// Delete deletes a document, where call.Out.Found.
func Delete(collection uint64, durability int32, call *Call) int32 {
	return call.invoke(library.delete,
		uintptr(collection), call.id(), uintptr(len(call.ID)),
		uintptr(durability), uintptr(unsafe.Pointer(&call.Out.Found)),
	)
}

// Clear deletes all documents; call.Out.Count is how many.
func Clear(collection uint64, durability int32, call *Call) int32 {
	return status(purego.SyscallN(library.clear,
		uintptr(collection), uintptr(durability), uintptr(unsafe.Pointer(&call.Out.Count)),
	))
}

// Count counts documents into call.Out.Count.
func Count(collection uint64, call *Call) int32 {
	return call.invoke(library.count,
		uintptr(collection), call.request(), uintptr(len(call.Request)),
		uintptr(unsafe.Pointer(&call.Out.Count)),
	)
}

// Command runs a command; the buffer has its reply.
func Command(target uint64, durability int32, call *Call) int32 {
	return call.invoke(library.command,
		uintptr(target), call.request(), uintptr(len(call.Request)),
		uintptr(durability), uintptr(unsafe.Pointer(&call.Out.Buffer)),
	)
}

// Find opens a cursor; call.Out.Handle is it.
func Find(target uint64, call *Call) int32 {
	return call.invoke(library.find,
		uintptr(target), call.request(), uintptr(len(call.Request)),
		uintptr(unsafe.Pointer(&call.Out.Handle)),
	)
}

// CursorNext reads call.Out.Count documents into the buffer.
func CursorNext(cursor, documentsMax uint64, bytesMax int, call *Call) int32 {
	return call.invoke(library.cursorNext,
		uintptr(cursor), uintptr(documentsMax), uintptr(bytesMax),
		uintptr(unsafe.Pointer(&call.Out.Buffer)), uintptr(unsafe.Pointer(&call.Out.Count)),
	)
}

// CursorClose closes a cursor.
func CursorClose(cursor uint64) int32 {
	return status(purego.SyscallN(library.cursorClose, uintptr(cursor)))
}

// Begin begins a transaction; call.Out.Handle is it.
func Begin(database uint64, options []byte, call *Call) int32 {
	return status(purego.SyscallN(library.begin,
		uintptr(database), uintptr(unsafe.Pointer(unsafe.SliceData(options))), uintptr(len(options)),
		uintptr(unsafe.Pointer(&call.Out.Handle)),
	))
}

// TransactionCollection opens a collection in a transaction; call.Out.Handle is it.
func TransactionCollection(transaction uint64, name string, call *Call) int32 {
	return status(purego.SyscallN(library.transactionCollection,
		uintptr(transaction), uintptr(unsafe.Pointer(unsafe.StringData(name))), uintptr(len(name)),
		uintptr(unsafe.Pointer(&call.Out.Handle)),
	))
}

// Commit commits a transaction.
func Commit(transaction uint64) int32 {
	return status(purego.SyscallN(library.commit, uintptr(transaction)))
}

// Rollback rolls a transaction back.
func Rollback(transaction uint64) int32 {
	return status(purego.SyscallN(library.rollback, uintptr(transaction)))
}

// Watch opens a change stream; call.Out.Handle is it.
func Watch(database uint64, request []byte, call *Call) int32 {
	return status(purego.SyscallN(library.watch,
		uintptr(database), uintptr(unsafe.Pointer(unsafe.SliceData(request))), uintptr(len(request)),
		uintptr(unsafe.Pointer(&call.Out.Handle)),
	))
}

// WatchNext waits for call.Out.Count events, which are in the buffer.
func WatchNext(stream, eventsMax uint64, bytesMax int, timeoutMs int64, call *Call) int32 {
	return status(purego.SyscallN(library.watchNext,
		uintptr(stream), uintptr(eventsMax), uintptr(bytesMax), uintptr(timeoutMs),
		uintptr(unsafe.Pointer(&call.Out.Buffer)), uintptr(unsafe.Pointer(&call.Out.Count)),
	))
}

// WatchToken reads the resume token into the buffer.
func WatchToken(stream uint64, call *Call) int32 {
	return status(purego.SyscallN(library.watchToken, uintptr(stream), uintptr(unsafe.Pointer(&call.Out.Buffer))))
}

// WatchClose closes a change stream.
func WatchClose(stream uint64) int32 {
	return status(purego.SyscallN(library.watchClose, uintptr(stream)))
}

// Collections lists collections into the buffer.
func Collections(database uint64, call *Call) int32 {
	return status(purego.SyscallN(library.collections,
		uintptr(database), uintptr(unsafe.Pointer(&call.Out.Buffer)),
	))
}

// Stats reads figures into the buffer.
func Stats(database uint64, call *Call) int32 {
	return status(purego.SyscallN(library.stats, uintptr(database), uintptr(unsafe.Pointer(&call.Out.Buffer))))
}

// Sync waits for the disk.
func Sync(database uint64) int32 {
	return status(purego.SyscallN(library.sync, uintptr(database)))
}

// Checkpoint writes the data file.
func Checkpoint(database uint64) int32 {
	return status(purego.SyscallN(library.checkpoint, uintptr(database)))
}

// Check checks a database; the buffer has the report.
func Check(database uint64, call *Call) int32 {
	return status(purego.SyscallN(library.check, uintptr(database), uintptr(unsafe.Pointer(&call.Out.Buffer))))
}

// Compact takes unused room out of a database's file; the buffer has the report.
func Compact(database uint64, call *Call) int32 {
	return status(purego.SyscallN(library.compact, uintptr(database), uintptr(unsafe.Pointer(&call.Out.Buffer))))
}

// Backup copies a database; the buffer has the report.
func Backup(database uint64, path string, call *Call) int32 {
	return status(purego.SyscallN(library.backup,
		uintptr(database), uintptr(unsafe.Pointer(unsafe.StringData(path))), uintptr(len(path)),
		uintptr(unsafe.Pointer(&call.Out.Buffer)),
	))
}

// Salvage saves what a damaged file holds; the buffer has the report.
func Salvage(from, to string, call *Call) int32 {
	return status(purego.SyscallN(library.salvage,
		uintptr(unsafe.Pointer(unsafe.StringData(from))), uintptr(len(from)),
		uintptr(unsafe.Pointer(unsafe.StringData(to))), uintptr(len(to)),
		uintptr(unsafe.Pointer(&call.Out.Buffer)),
	))
}

// Expire deletes expired documents; call.Out.Count is how many.
func Expire(database uint64, call *Call) int32 {
	return status(purego.SyscallN(library.expire, uintptr(database), uintptr(unsafe.Pointer(&call.Out.Count))))
}
