// Waiting for the disk on Linux: fdatasync, which leaves out what no reader needs.
//
// Leaves to others: systems without it (sync_other.go).

package main

import (
	"os"
	"syscall"
)

func syncData(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }
