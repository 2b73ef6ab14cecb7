// Waiting for the disk on systems that have no fdatasync.
//
// Leaves to others: Linux (sync_linux.go).

//go:build !linux

package main

import "os"

func syncData(file *os.File) error { return file.Sync() }
