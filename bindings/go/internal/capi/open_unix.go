// Loading a library and finding its calls on Unix: by dlopen and dlsym.
//
// Leaves to others: where the library is (library.go), Windows (open_windows.go).

//go:build !quire_cgo && !windows

package capi

import "github.com/ebitengine/purego"

func openLibrary(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

func addressOf(library uintptr, name string) (uintptr, error) {
	return purego.Dlsym(library, name)
}
