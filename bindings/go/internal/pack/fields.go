// What is known of a Go type: whether it converts itself, and the fields of a struct with their names.
//
// The name of a field comes from its tag `quire:"name,omitempty"`, else from its tag `json`, else it is the field's
// name in small letters; "-" leaves it out. Fields of embedded structs are the outer one's own, unless the embedded
// one has a name in a tag. Promises: each type is looked at once. Leaves to others: reading and writing them.

package pack

import (
	"encoding"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// itself says how a value converts itself.
type itself uint8

const (
	notItself itself = iota
	byValue
	byAddress // its pointer has the methods
)

// traits are what is known of a type.
type traits struct {
	// itself says whether values write themselves; reads, whether their address reads itself.
	itself itself
	reads  bool
	fields []field
	// byName has the places of fields.
	byName map[string]int
}

// field is one field of a struct.
type field struct {
	name string
	// head is the name in MessagePack.
	head      []byte
	index     []int
	omitEmpty bool
}

var (
	known sync.Map // of reflect.Type to *traits

	stringType    = reflect.TypeFor[string]()
	intType       = reflect.TypeFor[int]()
	int64Type     = reflect.TypeFor[int64]()
	float64Type   = reflect.TypeFor[float64]()
	timeType      = reflect.TypeFor[time.Time]()
	rawType       = reflect.TypeFor[Raw]()
	dType         = reflect.TypeFor[D]()
	extensionType = reflect.TypeFor[Extension]()
	documentType  = reflect.TypeFor[Document]()
	arrayType     = reflect.TypeFor[[]any]()

	marshalerType       = reflect.TypeFor[msgp.Marshaler]()
	unmarshalerType     = reflect.TypeFor[msgp.Unmarshaler]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func traitsOf(of reflect.Type) *traits {
	if found, is := known.Load(of); is {
		return found.(*traits)
	}
	made := &traits{itself: itselfOf(of)}
	pointer := reflect.PointerTo(of)
	made.reads = of != timeType && (pointer.Implements(unmarshalerType) || pointer.Implements(textUnmarshalerType))
	if of.Kind() == reflect.Struct && of != timeType {
		made.byName = map[string]int{}
		made.gather(of, nil, map[reflect.Type]bool{})
	}
	found, _ := known.LoadOrStore(of, made)
	return found.(*traits)
}

// hasNoMethods says that a type is one of the language's own, or made of others without a name: the quick answer for most
// values.
func hasNoMethods(of reflect.Type) bool {
	return of.Kind() != reflect.Struct && of.PkgPath() == ""
}

func itselfOf(of reflect.Type) itself {
	switch of {
	case timeType, rawType, dType, extensionType:
		return byValue
	}
	if of.Kind() == reflect.Interface {
		return notItself
	}
	if of.Implements(marshalerType) || of.Implements(textMarshalerType) {
		return byValue
	}
	pointer := reflect.PointerTo(of)
	if pointer.Implements(marshalerType) || pointer.Implements(textMarshalerType) {
		return byAddress
	}
	return notItself
}

// gather adds the fields of the struct at index: its own first, then those of the structs embedded in it.
func (t *traits) gather(of reflect.Type, index []int, within map[reflect.Type]bool) {
	if within[of] {
		return
	}
	within[of] = true
	defer delete(within, of)
	var embedded [][]int
	var types []reflect.Type
	for place := range of.NumField() {
		inner := of.Field(place)
		name, options, isTagged := tagOf(inner)
		if name == "-" {
			continue
		}
		path := append(append([]int{}, index...), place)
		if structure := structOf(inner.Type); inner.Anonymous && structure != nil && (!isTagged || name == "") {
			embedded = append(embedded, path)
			types = append(types, structure)
			continue
		}
		if !inner.IsExported() {
			continue
		}
		if name == "" {
			name = strings.ToLower(inner.Name)
		}
		if _, is := t.byName[name]; is {
			continue
		}
		t.byName[name] = len(t.fields)
		omitEmpty := strings.Contains(","+options+",", ",omitempty,")
		t.fields = append(t.fields, field{name, msgp.AppendString(nil, name), path, omitEmpty})
	}
	for place, path := range embedded {
		t.gather(types[place], path, within)
	}
}

func tagOf(of reflect.StructField) (name, options string, isTagged bool) {
	tag, is := of.Tag.Lookup("quire")
	if !is {
		tag, is = of.Tag.Lookup("json")
	}
	name, options, _ = strings.Cut(tag, ",")
	return name, options, is
}

// structOf is the struct that a type, or what it points to, is; nil where it is none.
func structOf(of reflect.Type) reflect.Type {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of == timeType {
		return nil
	}
	return of
}

// in is the field in a struct, and whether it is there: no pointer on the way is nil.
func (f *field) in(value reflect.Value) (reflect.Value, bool) {
	if len(f.index) == 1 {
		return value.Field(f.index[0]), true
	}
	inner, err := value.FieldByIndexErr(f.index)
	return inner, err == nil
}

// made is the field in a struct that can be written to; pointers on the way are made.
func (f *field) made(value reflect.Value) (reflect.Value, bool) {
	for place, index := range f.index {
		if place > 0 && value.Kind() == reflect.Pointer {
			if value.IsNil() {
				if !value.CanSet() {
					return value, false
				}
				value.Set(reflect.New(value.Type().Elem()))
			}
			value = value.Elem()
		}
		value = value.Field(index)
	}
	return value, true
}
