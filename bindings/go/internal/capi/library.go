// Finding and loading the library where no linker did.
//
// In this order: the path in QUIRE_LIBRARY; beside the program; where the system's loader looks; in a checkout of the
// repository, where `npm run build:capi` puts it. Promises: the library is loaded once, with all calls that are needed
// and the ABI that they were written for, or the error says where it was looked for.

//go:build !quire_cgo

package capi

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/ebitengine/purego"
)

// environmentPath names the variable with the path of the library.
const environmentPath = "QUIRE_LIBRARY"

// Load finds and loads the library, once.
var Load = sync.OnceValue(load)

func load() error {
	handle, err := open()
	if err != nil {
		return err
	}
	for _, symbol := range symbols {
		address, err := addressOf(handle, symbol.name)
		if err != nil {
			return fmt.Errorf("the library has no %s: %w", symbol.name, err)
		}
		*symbol.address = address
	}
	found, _, _ := purego.SyscallN(library.abiVersion)
	if uint32(found) != ABIVersion {
		return fmt.Errorf("the library has version %d of the ABI; this package needs %d", uint32(found), ABIVersion)
	}
	return nil
}

// open opens the first library that is found.
func open() (uintptr, error) {
	if path := os.Getenv(environmentPath); path != "" {
		handle, err := openLibrary(path)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", environmentPath, err)
		}
		return handle, nil
	}
	var failures []error
	for _, path := range places() {
		// A name without a folder is the system loader's to find.
		if filepath.IsAbs(path) {
			if _, err := os.Stat(path); err != nil {
				failures = append(failures, err)
				continue
			}
		}
		handle, err := openLibrary(path)
		if err == nil {
			return handle, nil
		}
		failures = append(failures, err)
	}
	return 0, fmt.Errorf("the library %s was not found; set %s to its path, or build it by `npm run build:capi`: %w",
		names()[0], environmentPath, errors.Join(failures...))
}

// names are the file names of the library.
func names() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{"quire.dll"}
	case "darwin", "ios":
		return []string{"libquire.dylib"}
	}
	return []string{"libquire.so.1", "libquire.so"}
}

// places are where the library may be, the best first.
func places() []string {
	var folders []string
	if program, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Dir(program))
	}
	folders = append(folders, "")
	if root := checkout(); root != "" {
		folders = append(folders, filepath.Join(root, "native", "dist", "capi"),
			filepath.Join(root, "native", "target", "release"))
	}
	var paths []string
	for _, folder := range folders {
		for _, name := range names() {
			paths = append(paths, filepath.Join(folder, name))
		}
	}
	return paths
}

// checkout is the root of the repository that this file was compiled in; empty where that is none.
func checkout() string {
	_, file, _, is := runtime.Caller(0)
	folder := filepath.ToSlash(filepath.Dir(file))
	root, found := strings.CutSuffix(folder, "/bindings/go/internal/capi")
	if !is || !found || !filepath.IsAbs(root) {
		return ""
	}
	return filepath.FromSlash(root)
}
