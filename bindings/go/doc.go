// Package quire is QuireDB, an embedded document database, for Go: one file, MongoDB's language, an engine in Rust.
//
//	db, err := quire.Open("app.quire")
//	users := quire.CollectionOf[User](db, "users")
//	inserted, err := users.InsertOne(User{Name: "Ada", Age: 36})
//	for user, err := range users.Find(quire.M{"age": quire.M{"$gt": 30}}).Sort("name").All() { … }
//
// Names follow the MongoDB driver. Calls take microseconds, so they take no context; those that wait (Transaction, Sync,
// Checkpoint, Check, Backup, Compact, Salvage, Stream.Next) do. Every error has a Code: errors.Is(err, quire.ErrDuplicateID).
//
// The engine is a C library, which is loaded without cgo; with the build tag quire_cgo it is linked. README.md says where
// it is looked for, and how values are converted. A DB and everything opened from it may be used by any number of
// goroutines, but for a Cursor and a Stream, which one goroutine reads at a time, and a Tx, which does one call at a time.
package quire
