// What a call of the library gives back: a buffer of the library's and numbers, kept and used again.
//
// Promises: a Call that went back to the pool has no large memory; what the pool forgets gives its memory back to the
// library. Leaves to others: the calls themselves, by purego (calls_purego.go) or by cgo (calls_cgo.go), which have
// the same functions.

// Package capi calls libquire: one function for each call of quire.h that the binding needs, with two implementations.
package capi

import (
	"runtime"
	"sync"
	"unsafe"

	"github.com/quiredb/quiredb/bindings/go/internal/pack"
)

// ABIVersion is the version of the ABI that this package calls.
const ABIVersion = 1

// bytesKept is how large a buffer may be that waits for its next call.
const bytesKept = 1 << 20

// argumentsMax is how many arguments a call has at most.
const argumentsMax = 8

// Buffer is a quire_buffer: memory of the library's.
type Buffer struct {
	data     unsafe.Pointer
	length   uintptr
	capacity uintptr
}

// Bytes are the last result; they stay until the next call that uses the buffer.
func (b *Buffer) Bytes() []byte {
	return unsafe.Slice((*byte)(b.data), b.length)
}

// Out is where a call writes its results.
type Out struct {
	Buffer   Buffer
	Handle   uint64
	Count    uint64
	Found    bool
	Modified bool
}

// Call has what one call needs: where its results go, and room for what it is asked.
type Call struct {
	Out Out
	// ID and Request are the id that a call is of, and the document, filter, update or command that it takes.
	ID      []byte
	Request []byte
	// arguments are those of the call, where it is made without cgo.
	arguments [argumentsMax]uintptr
	// Reader reads results.
	Reader pack.Reader
}

var calls = sync.Pool{New: func() any {
	call := new(Call)
	runtime.SetFinalizer(call, func(forgotten *Call) { freeBuffer(&forgotten.Out.Buffer) })
	return call
}}

// Take takes a Call out of the pool. The library has to be loaded.
func Take() *Call {
	return calls.Get().(*Call)
}

// Release puts the Call back. Nothing of it is used afterwards.
func (c *Call) Release() {
	if c.Out.Buffer.capacity > bytesKept {
		freeBuffer(&c.Out.Buffer)
	}
	if cap(c.Request) > bytesKept {
		c.Request = nil
	}
	calls.Put(c)
}

// textAt is the text that ends with a NUL at pointer.
func textAt(pointer unsafe.Pointer) string {
	if pointer == nil {
		return ""
	}
	length := 0
	for *(*byte)(unsafe.Add(pointer, length)) != 0 {
		length++
	}
	return string(unsafe.Slice((*byte)(pointer), length))
}
