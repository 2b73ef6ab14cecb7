module github.com/quiredb/quiredb/bench/seeds

go 1.25.0

require github.com/quiredb/quiredb/bindings/go v0.0.0

require (
	github.com/ebitengine/purego v0.11.3 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/tinylib/msgp v1.6.5 // indirect
)

replace github.com/quiredb/quiredb/bindings/go => ../../bindings/go
