// Loading a library and finding its calls on Windows: by LoadLibrary and GetProcAddress.
//
// Leaves to others: where the library is (library.go), Unix (open_unix.go).

//go:build !quire_cgo && windows

package capi

import "syscall"

func openLibrary(path string) (uintptr, error) {
	handle, err := syscall.LoadLibrary(path)
	return uintptr(handle), err
}

func addressOf(library uintptr, name string) (uintptr, error) {
	return syscall.GetProcAddress(syscall.Handle(library), name)
}
