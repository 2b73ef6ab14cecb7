// Reading into values of given types: structs by their tags, slices, maps, numbers of every size.
//
// Promises: a number that does not fit is an error, never another number; a float of whole value is an integer where
// one is wanted; null is the type's zero; fields that a struct does not have are passed over. Leaves to others: values
// of no given type (decode.go), which fields a struct has (fields.go).

package pack

import (
	"encoding"
	"math"
	"reflect"

	"github.com/tinylib/msgp/msgp"
)

// Into reads the value that b begins with into what target points to, and gives what follows.
func (r *Reader) Into(b []byte, target any) ([]byte, error) {
	var err error
	switch into := target.(type) {
	case *Document:
		if len(b) > 0 && b[0] == 0xc0 {
			*into = nil
			return b[1:], nil
		}
		*into, b, err = r.document(b, 0)
	case *any:
		*into, b, err = r.any(b, 0)
	case *Raw:
		*into, b, err = rawOf(b)
	case msgp.Unmarshaler:
		if b, err = into.UnmarshalMsg(b); err != nil {
			err = mismatch("%v", err)
		}
	default:
		return r.value(b, reflect.ValueOf(target).Elem(), 0)
	}
	return b, err
}

func rawOf(b []byte) (Raw, []byte, error) {
	rest, err := msgp.Skip(b)
	if err != nil {
		return nil, b, damaged(err)
	}
	return append(Raw{}, b[:len(b)-len(rest)]...), rest, nil
}

// value reads into a value that can be set.
func (r *Reader) value(b []byte, into reflect.Value, depth int) ([]byte, error) {
	if len(b) == 0 {
		return b, damaged(msgp.ErrShortBytes)
	}
	if depth > depthMax {
		return b, damaged(nil)
	}
	if b[0] == 0xc0 && into.Type() != rawType {
		into.SetZero()
		return b[1:], nil
	}
	switch into.Kind() {
	case reflect.String:
		if into.Type() == stringType {
			return r.readString(b, into)
		}
	case reflect.Pointer:
		if into.IsNil() {
			into.Set(reflect.New(into.Type().Elem()))
		}
		return r.value(b, into.Elem(), depth+1)
	}
	if b, done, err := r.itself(b, into, depth); done {
		return b, err
	}
	switch into.Kind() {
	case reflect.String:
		return r.readString(b, into)
	case reflect.Bool:
		truth, rest, err := msgp.ReadBoolBytes(b)
		if err != nil {
			return b, notOf(b, into)
		}
		into.SetBool(truth)
		return rest, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64:
		return readNumber(b, into)
	case reflect.Slice, reflect.Array:
		return r.elements(b, into, depth)
	case reflect.Map:
		return r.entries(b, into, depth)
	case reflect.Struct:
		return r.structure(b, into, depth)
	case reflect.Interface:
		return r.untyped(b, into, depth)
	}
	return b, mismatch("nothing can be read into a %s", into.Type())
}

// itself reads into a value whose type says how.
func (r *Reader) itself(b []byte, into reflect.Value, depth int) (_ []byte, done bool, err error) {
	switch into.Type() {
	case documentType:
		if msgp.NextType(b) != msgp.MapType || !into.CanAddr() {
			return b, true, notOf(b, into)
		}
		document, rest, err := r.document(b, depth)
		*into.Addr().Interface().(*Document) = document
		return rest, true, err
	case timeType:
		if !isExtension(b[0]) {
			return b, true, notOf(b, into)
		}
		extension, rest, err := readExtension(b)
		if err != nil || extension.Type != timestampType {
			return b, true, notOf(b, into)
		}
		moment, err := momentOf(extension.Data)
		into.Set(reflect.ValueOf(moment))
		return rest, true, err
	case rawType:
		raw, rest, err := rawOf(b)
		into.SetBytes(raw)
		return rest, true, err
	case dType:
		if msgp.NextType(b) != msgp.MapType {
			return b, true, notOf(b, into)
		}
		fields, rest, err := r.d(b, depth)
		into.Set(reflect.ValueOf(fields))
		return rest, true, err
	case extensionType:
		if !isExtension(b[0]) {
			return b, true, notOf(b, into)
		}
		extension, rest, err := readExtension(b)
		extension.Data = append([]byte{}, extension.Data...)
		into.Set(reflect.ValueOf(extension))
		return rest, true, err
	}
	if hasNoMethods(into.Type()) || !traitsOf(into.Type()).reads || !into.CanAddr() {
		return b, false, nil
	}
	switch itself := into.Addr().Interface().(type) {
	case msgp.Unmarshaler:
		if b, err = itself.UnmarshalMsg(b); err != nil {
			err = mismatch("%v", err)
		}
		return b, true, err
	case encoding.TextUnmarshaler:
		text, rest, failed := msgp.ReadStringZC(b)
		if failed != nil {
			return b, false, nil
		}
		if err = itself.UnmarshalText(text); err != nil {
			err = mismatch("%v", err)
		}
		return rest, true, err
	}
	return b, false, nil
}

func (r *Reader) readString(b []byte, into reflect.Value) ([]byte, error) {
	text, rest, err := r.string(b)
	if err != nil {
		return b, notOf(b, into)
	}
	into.SetString(text)
	return rest, nil
}

func readNumber(b []byte, into reflect.Value) ([]byte, error) {
	switch msgp.NextType(b) {
	case msgp.IntType, msgp.UintType:
		return readInteger(b, into)
	case msgp.Float64Type, msgp.Float32Type:
		return readFloat(b, into)
	}
	return b, notOf(b, into)
}

func readInteger(b []byte, into reflect.Value) ([]byte, error) {
	number, rest, err := msgp.ReadInt64Bytes(b)
	if err != nil {
		large, rest, err := msgp.ReadUint64Bytes(b)
		switch {
		case err != nil:
			return b, damaged(err)
		case into.CanUint() && !into.OverflowUint(large):
			into.SetUint(large)
		case into.CanFloat():
			into.SetFloat(float64(large))
		default:
			return b, doesNotFit(large, into)
		}
		return rest, nil
	}
	return rest, setInteger(number, into)
}

func setInteger(number int64, into reflect.Value) error {
	switch {
	case into.CanInt() && !into.OverflowInt(number):
		into.SetInt(number)
	case into.CanUint() && number >= 0 && !into.OverflowUint(uint64(number)):
		into.SetUint(uint64(number))
	case into.CanFloat():
		into.SetFloat(float64(number))
	default:
		return doesNotFit(number, into)
	}
	return nil
}

func readFloat(b []byte, into reflect.Value) ([]byte, error) {
	number, rest, err := msgp.ReadFloat64Bytes(b)
	if err != nil {
		return b, damaged(err)
	}
	if into.CanFloat() {
		into.SetFloat(number)
		return rest, nil
	}
	if number != math.Trunc(number) || number < -(1<<63) || number >= 1<<63 {
		return b, doesNotFit(number, into)
	}
	return rest, setInteger(int64(number), into)
}

func doesNotFit(number any, into reflect.Value) error {
	return mismatch("%v does not fit a %s", number, into.Type())
}

func notOf(b []byte, into reflect.Value) error {
	return mismatch("a value of type %s cannot be read into a %s", msgp.NextType(b), into.Type())
}

func (r *Reader) elements(b []byte, into reflect.Value, depth int) ([]byte, error) {
	if into.Type().Elem().Kind() == reflect.Uint8 && msgp.NextType(b) == msgp.BinType {
		bytes, rest, err := msgp.ReadBytesZC(b)
		if err != nil {
			return b, damaged(err)
		}
		if into.Kind() == reflect.Slice {
			into.SetBytes(append([]byte{}, bytes...))
		} else if len(bytes) != into.Len() {
			return b, mismatch("%d bytes do not fit a %s", len(bytes), into.Type())
		} else {
			reflect.Copy(into, reflect.ValueOf(bytes))
		}
		return rest, nil
	}
	count, rest, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return b, notOf(b, into)
	}
	length := int(count)
	if length > len(rest) {
		return b, damaged(msgp.ErrShortBytes)
	}
	if into.Kind() == reflect.Slice {
		into.Set(reflect.MakeSlice(into.Type(), length, length))
	} else if length != into.Len() {
		return b, mismatch("%d elements do not fit a %s", length, into.Type())
	}
	for index := range length {
		if rest, err = r.value(rest, into.Index(index), depth+1); err != nil {
			return b, at(err, index)
		}
	}
	return rest, nil
}

func (r *Reader) entries(b []byte, into reflect.Value, depth int) ([]byte, error) {
	if into.Type().Key().Kind() != reflect.String {
		return b, mismatch("the keys of a map have to be strings, not %s", into.Type().Key())
	}
	count, rest, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		return b, notOf(b, into)
	}
	made := reflect.MakeMapWithSize(into.Type(), roomFor(count, rest))
	for range count {
		var key []byte
		if key, rest, err = msgp.ReadMapKeyZC(rest); err != nil {
			return b, damaged(err)
		}
		name := r.key(key)
		value := reflect.New(into.Type().Elem()).Elem()
		if rest, err = r.value(rest, value, depth+1); err != nil {
			return b, in(err, name)
		}
		made.SetMapIndex(reflect.ValueOf(name).Convert(into.Type().Key()), value)
	}
	into.Set(made)
	return rest, nil
}

func (r *Reader) structure(b []byte, into reflect.Value, depth int) ([]byte, error) {
	traits := traitsOf(into.Type())
	count, rest, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		return b, notOf(b, into)
	}
	next := 0
	for range count {
		var key []byte
		if key, rest, err = msgp.ReadMapKeyZC(rest); err != nil {
			return b, damaged(err)
		}
		// Fields mostly come in the order of the struct: the one behind the last is looked at first.
		if next >= len(traits.fields) || traits.fields[next].name != string(key) {
			place, is := traits.byName[string(key)]
			if !is {
				if rest, err = msgp.Skip(rest); err != nil {
					return b, damaged(err)
				}
				continue
			}
			next = place
		}
		field := &traits.fields[next]
		next++
		inner, is := field.made(into)
		if !is {
			return b, in(mismatch("the embedded pointer cannot be set"), field.name)
		}
		if rest, err = r.value(rest, inner, depth+1); err != nil {
			return b, in(err, field.name)
		}
	}
	return rest, nil
}

func (r *Reader) untyped(b []byte, into reflect.Value, depth int) ([]byte, error) {
	if into.NumMethod() > 0 {
		return b, mismatch("nothing can be read into a %s", into.Type())
	}
	value, rest, err := r.any(b, depth)
	if err != nil {
		return b, err
	}
	into.Set(reflect.ValueOf(value))
	return rest, nil
}
