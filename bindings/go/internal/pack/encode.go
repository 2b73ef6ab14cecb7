// Writing: Go's values as MessagePack, appended to a slice.
//
// Promises: the same value gives the same bytes; what cannot be stored is refused with its path. Types with the
// methods of tinylib/msgp write themselves, without reflection. Leaves to others: the bytes of single values
// (tinylib/msgp), which fields a struct has (fields.go).

package pack

import (
	"encoding"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// scratchKeys is how many names of a map are sorted without memory of their own.
const scratchKeys = 24

// Append appends the value to b.
func Append(b []byte, value any) ([]byte, error) {
	return appendValue(b, value, 0)
}

func appendValue(b []byte, value any, depth int) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return msgp.AppendNil(b), nil
	case string:
		return msgp.AppendString(b, v), nil
	case bool:
		return msgp.AppendBool(b, v), nil
	case int:
		return msgp.AppendInt64(b, int64(v)), nil
	case int32:
		return msgp.AppendInt64(b, int64(v)), nil
	case int64:
		return msgp.AppendInt64(b, v), nil
	case uint64:
		return msgp.AppendUint64(b, v), nil
	case float64:
		return msgp.AppendFloat64(b, v), nil
	case []byte:
		return msgp.AppendBytes(b, v), nil
	case time.Time:
		return msgp.AppendTimeExt(b, v), nil
	case Document:
		return appendDocument(b, v, depth)
	case D:
		return appendD(b, v, depth)
	case []any:
		return appendArray(b, v, depth)
	case Raw:
		return appendRaw(b, v)
	case Extension:
		return appendExtension(b, v)
	}
	return appendReflected(b, reflect.ValueOf(value), depth)
}

func appendDocument(b []byte, document Document, depth int) ([]byte, error) {
	if document == nil {
		return msgp.AppendNil(b), nil
	}
	if depth > depthMax {
		return b, unsupported("the value is nested too deeply, or contains itself")
	}
	var scratch [scratchKeys]string
	keys := scratch[:0]
	for key := range document {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	b = msgp.AppendMapHeader(b, uint32(len(keys)))
	var err error
	for _, key := range keys {
		b = msgp.AppendString(b, key)
		if b, err = appendValue(b, document[key], depth+1); err != nil {
			return b, in(err, key)
		}
	}
	return b, nil
}

func appendD(b []byte, document D, depth int) ([]byte, error) {
	if depth > depthMax {
		return b, unsupported("the value is nested too deeply, or contains itself")
	}
	b = msgp.AppendMapHeader(b, uint32(len(document)))
	var err error
	for _, field := range document {
		b = msgp.AppendString(b, field.Key)
		if b, err = appendValue(b, field.Value, depth+1); err != nil {
			return b, in(err, field.Key)
		}
	}
	return b, nil
}

func appendArray(b []byte, array []any, depth int) ([]byte, error) {
	if array == nil {
		return msgp.AppendNil(b), nil
	}
	if depth > depthMax {
		return b, unsupported("the value is nested too deeply, or contains itself")
	}
	b = msgp.AppendArrayHeader(b, uint32(len(array)))
	var err error
	for index, element := range array {
		if b, err = appendValue(b, element, depth+1); err != nil {
			return b, at(err, index)
		}
	}
	return b, nil
}

func appendRaw(b []byte, raw Raw) ([]byte, error) {
	if raw == nil {
		return msgp.AppendNil(b), nil
	}
	return append(b, raw...), nil
}

func appendExtension(b []byte, extension Extension) ([]byte, error) {
	b, err := msgp.AppendExtension(b, &msgp.RawExtension{Type: extension.Type, Data: extension.Data})
	if err != nil {
		return b, unsupported("the extension cannot be written: %v", err)
	}
	return b, nil
}

// appendReflected appends a value of a type that is none of the common ones.
func appendReflected(b []byte, value reflect.Value, depth int) ([]byte, error) {
	if !value.IsValid() {
		return msgp.AppendNil(b), nil
	}
	if depth > depthMax {
		return b, unsupported("the value is nested too deeply, or contains itself")
	}
	kind := value.Kind()
	if (kind == reflect.Pointer || kind == reflect.Interface) && value.IsNil() {
		return msgp.AppendNil(b), nil
	}
	if b, done, err := appendItself(b, value, depth); done {
		return b, err
	}
	switch kind {
	case reflect.Pointer, reflect.Interface:
		return appendReflected(b, value.Elem(), depth+1)
	case reflect.String:
		return msgp.AppendString(b, value.String()), nil
	case reflect.Bool:
		return msgp.AppendBool(b, value.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return msgp.AppendInt64(b, value.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return msgp.AppendUint64(b, value.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return msgp.AppendFloat64(b, value.Float()), nil
	case reflect.Slice, reflect.Array:
		return appendElements(b, value, depth)
	case reflect.Map:
		return appendMap(b, value, depth)
	case reflect.Struct:
		return appendStruct(b, value, depth)
	}
	return b, unsupported("a %s cannot be stored", value.Type())
}

// appendItself appends a value whose type says how: one of this package, or one with methods for it.
func appendItself(b []byte, value reflect.Value, depth int) (_ []byte, done bool, err error) {
	switch of := value.Type(); {
	case of == documentType || of == arrayType:
		b, err = appendValue(b, value.Interface(), depth)
		return b, true, err
	case hasNoMethods(of):
		return b, false, nil
	}
	itself := traitsOf(value.Type()).itself
	if itself == byAddress && value.CanAddr() {
		value = value.Addr()
	} else if itself != byValue {
		return b, false, nil
	}
	switch v := value.Interface().(type) {
	case time.Time, D, Raw, Extension:
		b, err = appendValue(b, v, depth)
	case msgp.Marshaler:
		if b, err = v.MarshalMsg(b); err != nil {
			err = unsupported("%v", err)
		}
	case encoding.TextMarshaler:
		text, failed := v.MarshalText()
		if failed != nil {
			return b, true, unsupported("%v", failed)
		}
		b = msgp.AppendStringFromBytes(b, text)
	}
	return b, true, err
}

func appendElements(b []byte, value reflect.Value, depth int) ([]byte, error) {
	if value.Kind() == reflect.Slice && value.IsNil() {
		return msgp.AppendNil(b), nil
	}
	length := value.Len()
	if value.Type().Elem().Kind() == reflect.Uint8 {
		if value.Kind() == reflect.Slice || value.CanAddr() {
			return msgp.AppendBytes(b, value.Bytes()), nil
		}
		bytes := make([]byte, length)
		reflect.Copy(reflect.ValueOf(bytes), value)
		return msgp.AppendBytes(b, bytes), nil
	}
	b = msgp.AppendArrayHeader(b, uint32(length))
	var err error
	for index := range length {
		if b, err = appendReflected(b, value.Index(index), depth+1); err != nil {
			return b, at(err, index)
		}
	}
	return b, nil
}

func appendMap(b []byte, value reflect.Value, depth int) ([]byte, error) {
	if value.IsNil() {
		return msgp.AppendNil(b), nil
	}
	if value.Type().Key().Kind() != reflect.String {
		return b, unsupported("the keys of a map have to be strings, not %s", value.Type().Key())
	}
	keys := value.MapKeys()
	slices.SortFunc(keys, func(one, other reflect.Value) int {
		switch {
		case one.String() < other.String():
			return -1
		case one.String() > other.String():
			return 1
		}
		return 0
	})
	b = msgp.AppendMapHeader(b, uint32(len(keys)))
	var err error
	for _, key := range keys {
		b = msgp.AppendString(b, key.String())
		if b, err = appendReflected(b, value.MapIndex(key), depth+1); err != nil {
			return b, in(err, key.String())
		}
	}
	return b, nil
}

func appendStruct(b []byte, value reflect.Value, depth int) ([]byte, error) {
	traits := traitsOf(value.Type())
	start := len(b)
	b = msgp.AppendMapHeader(b, uint32(len(traits.fields)))
	written := 0
	var err error
	for index := range traits.fields {
		field := &traits.fields[index]
		inner, is := field.in(value)
		if !is || field.omitEmpty && isEmpty(inner) {
			continue
		}
		written++
		b = append(b, field.head...)
		if b, err = appendField(b, inner, depth+1); err != nil {
			return b, in(err, field.name)
		}
	}
	if written < len(traits.fields) {
		b = withFewer(b, start, len(traits.fields), written)
	}
	return b, nil
}

// appendField appends the value of a struct's field; the common kinds need no look at their type's traits.
func appendField(b []byte, value reflect.Value, depth int) ([]byte, error) {
	switch value.Type() {
	case stringType:
		return msgp.AppendString(b, value.String()), nil
	case intType, int64Type:
		return msgp.AppendInt64(b, value.Int()), nil
	case float64Type:
		return msgp.AppendFloat64(b, value.Float()), nil
	}
	return appendReflected(b, value, depth)
}

// withFewer corrects the head of a map at start that was written for more fields than it got.
func withFewer(b []byte, start, before, fields int) []byte {
	var room [5]byte
	old := msgp.AppendMapHeader(room[:0], uint32(before))
	var wanted [5]byte
	head := msgp.AppendMapHeader(wanted[:0], uint32(fields))
	return slices.Replace(b, start, start+len(old), head...)
}

func isEmpty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Slice, reflect.Map:
		return value.Len() == 0
	case reflect.Struct:
		if moment, is := value.Interface().(time.Time); is {
			return moment.IsZero()
		}
	case reflect.Float32, reflect.Float64:
		return value.Float() == 0 && !math.Signbit(value.Float())
	}
	return value.IsZero()
}

// AppendTo appends what a pointer points to, as Append does; methods of the pointer count as well.
func AppendTo(b []byte, pointer any) ([]byte, error) {
	switch value := pointer.(type) {
	case *Document:
		return appendDocument(b, *value, 0)
	case *D:
		return appendD(b, *value, 0)
	case *Raw:
		return appendRaw(b, *value)
	case *any:
		return appendValue(b, *value, 0)
	}
	return appendReflected(b, reflect.ValueOf(pointer).Elem(), 0)
}
