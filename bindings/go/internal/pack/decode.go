// Reading: MessagePack as Go's values, or into values of a given type.
//
// Shape: integers are int64, and uint64 beyond its range; floats float64; binary []byte; the timestamp extension
// time.Time in UTC; maps Document; arrays []any; other extensions Extension. Promises: nothing that is read shares
// memory with the bytes; damaged bytes are an error. Leaves to others: reading into structs (reflect.go).

package pack

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// keysMax is how many names of fields a Reader keeps.
const keysMax = 4096

// togetherMax is how large a document may be whose texts are parts of one: each of them keeps all of it.
const togetherMax = 1024

// Reader reads values; it keeps the names of fields, which come again. It is used by one goroutine at a time.
type Reader struct {
	keys map[string]string
	// whole is the small document that is being read, of which text is a copy as soon as it has a text.
	whole []byte
	text  string
}

// One reads the one value that b is into what target points to. The texts of a small one are parts of a single copy,
// which costs less than a copy of each.
func (r *Reader) One(b []byte, target any) error {
	if len(b) <= togetherMax {
		r.whole = b
		// Also where a method of the target's type panics: the next bytes are others.
		defer func() { r.whole, r.text = nil, "" }()
	}
	_, err := r.Into(b, target)
	return err
}

// string reads a text.
func (r *Reader) string(b []byte) (string, []byte, error) {
	bytes, rest, err := msgp.ReadStringZC(b)
	if err != nil || r.whole == nil || len(bytes) == 0 {
		return string(bytes), rest, err
	}
	if r.text == "" {
		r.text = string(r.whole)
	}
	end := len(r.whole) - len(rest)
	return r.text[end-len(bytes) : end], rest, nil
}

// key is the name that bytes are.
func (r *Reader) key(bytes []byte) string {
	if name, is := r.keys[string(bytes)]; is {
		return name
	}
	name := string(bytes)
	if r.keys == nil {
		r.keys = make(map[string]string)
	}
	if len(r.keys) < keysMax && len(name) <= 64 {
		r.keys[name] = name
	}
	return name
}

// Any reads the value that b begins with, and gives it with what follows.
func (r *Reader) Any(b []byte) (any, []byte, error) {
	return r.any(b, 0)
}

func (r *Reader) any(b []byte, depth int) (any, []byte, error) {
	if len(b) == 0 {
		return nil, b, damaged(msgp.ErrShortBytes)
	}
	if isExtension(b[0]) {
		return anyExtension(b)
	}
	var value any
	var err error
	switch msgp.NextType(b) {
	case msgp.StrType:
		value, b, err = r.string(b)
	case msgp.IntType:
		value, b, err = msgp.ReadInt64Bytes(b)
	case msgp.UintType:
		var number uint64
		number, b, err = msgp.ReadUint64Bytes(b)
		if value = number; number <= math.MaxInt64 {
			value = int64(number)
		}
	case msgp.Float64Type, msgp.Float32Type:
		value, b, err = msgp.ReadFloat64Bytes(b)
	case msgp.BoolType:
		value, b, err = msgp.ReadBoolBytes(b)
	case msgp.NilType:
		b, err = msgp.ReadNilBytes(b)
	case msgp.BinType:
		value, b, err = msgp.ReadBytesBytes(b, nil)
	case msgp.MapType:
		return r.document(b, depth)
	case msgp.ArrayType:
		return r.array(b, depth)
	default:
		return nil, b, mismatch("the bytes are no MessagePack")
	}
	if err != nil {
		return nil, b, damaged(err)
	}
	return value, b, nil
}

func (r *Reader) document(b []byte, depth int) (Document, []byte, error) {
	count, b, err := msgp.ReadMapHeaderBytes(b)
	if err != nil || depth > depthMax {
		return nil, b, damaged(err)
	}
	document := make(Document, roomFor(count, b))
	for range count {
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			return nil, b, damaged(err)
		}
		name := r.key(key)
		if document[name], b, err = r.any(b, depth+1); err != nil {
			return nil, b, in(err, name)
		}
	}
	return document, b, nil
}

func (r *Reader) array(b []byte, depth int) ([]any, []byte, error) {
	count, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil || depth > depthMax {
		return nil, b, damaged(err)
	}
	array := make([]any, 0, roomFor(count, b))
	for index := range int(count) {
		var element any
		if element, b, err = r.any(b, depth+1); err != nil {
			return nil, b, at(err, index)
		}
		array = append(array, element)
	}
	return array, b, nil
}

// d reads a map whose order is kept; maps in it are Documents.
func (r *Reader) d(b []byte, depth int) (D, []byte, error) {
	count, b, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		return nil, b, damaged(err)
	}
	fields := make(D, 0, roomFor(count, b))
	for range count {
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			return nil, b, damaged(err)
		}
		field := E{Key: r.key(key)}
		if field.Value, b, err = r.any(b, depth+1); err != nil {
			return nil, b, in(err, field.Key)
		}
		fields = append(fields, field)
	}
	return fields, b, nil
}

// roomFor is how many elements room is made for at once: a count that is not true takes no memory.
func roomFor(count uint32, b []byte) int {
	return min(int(count), len(b), 1024)
}

func damaged(err error) error {
	if err == nil {
		return mismatch("the value is nested too deeply")
	}
	return mismatch("the bytes are damaged: %v", err)
}

// timestampType is MessagePack's own extension for moments.
const timestampType = -1

func isExtension(lead byte) bool {
	return lead >= 0xd4 && lead <= 0xd8 || lead >= 0xc7 && lead <= 0xc9
}

func anyExtension(b []byte) (any, []byte, error) {
	extension, b, err := readExtension(b)
	if err != nil {
		return nil, b, err
	}
	if extension.Type == timestampType {
		moment, err := momentOf(extension.Data)
		return moment, b, err
	}
	extension.Data = append([]byte{}, extension.Data...)
	return extension, b, nil
}

// readExtension reads an extension, whose data are still b's.
func readExtension(b []byte) (Extension, []byte, error) {
	head, length := 1, 0
	switch lead := b[0]; {
	case lead >= 0xd4:
		length = 1 << (lead - 0xd4)
	case lead == 0xc7 && len(b) > 1:
		head, length = 2, int(b[1])
	case lead == 0xc8 && len(b) > 2:
		head, length = 3, int(binary.BigEndian.Uint16(b[1:]))
	case lead == 0xc9 && len(b) > 4:
		head, length = 5, int(binary.BigEndian.Uint32(b[1:]))
	default:
		return Extension{}, b, damaged(msgp.ErrShortBytes)
	}
	if len(b) < head+1+length {
		return Extension{}, b, damaged(msgp.ErrShortBytes)
	}
	data := b[head+1 : head+1+length]
	return Extension{int8(b[head]), data}, b[head+1+length:], nil
}

// momentOf is the moment that the data of a timestamp are.
func momentOf(data []byte) (time.Time, error) {
	switch len(data) {
	case 4:
		return time.Unix(int64(binary.BigEndian.Uint32(data)), 0).UTC(), nil
	case 8:
		both := binary.BigEndian.Uint64(data)
		return time.Unix(int64(both&(1<<34-1)), int64(both>>34)).UTC(), nil
	case 12:
		nanoseconds := int64(binary.BigEndian.Uint32(data))
		return time.Unix(int64(binary.BigEndian.Uint64(data[4:])), nanoseconds).UTC(), nil
	}
	return time.Time{}, mismatch("a timestamp of %d bytes is none", len(data))
}
