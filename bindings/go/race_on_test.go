// Whether the tests run under the race detector, which slows calls down and empties pools: they do.
//
// Leaves to others: the other answer (race_off_test.go).

//go:build race

package quire_test

const underRaceDetector = true
