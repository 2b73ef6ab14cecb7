// Requests: the maps that options and commands are sent as, and the checks that keep mistakes from being commands.
//
// Promises: what was not given is left out; an update without operators, a replacement with some, and a write without
// a filter are refused before anything is sent. Leaves to others: what commands mean (docs/ABI.md of the repository).

package quire

import (
	"reflect"

	"github.com/quiredb/quiredb/bindings/go/internal/capi"
	"github.com/quiredb/quiredb/bindings/go/internal/pack"
	"github.com/tinylib/msgp/msgp"
)

// fieldsMax is how many fields the head of a small map can have.
const fieldsMax = 15

// request is a small map that is being written into a call's room for it. The first error stays.
type request struct {
	call  *capi.Call
	count byte
	err   error
}

// newMap begins a map.
func newMap(call *capi.Call) *request {
	call.Request = append(call.Request[:0], 0x80)
	return &request{call: call}
}

// newRequest begins the map of a command.
func newRequest(call *capi.Call, op string) *request {
	made := newMap(call)
	made.put("op", op)
	return made
}

// bytes are the map as it is so far.
func (r *request) bytes() []byte { return r.call.Request }

// put adds a field.
func (r *request) put(name string, value any) {
	if r.err != nil {
		return
	}
	if r.count == fieldsMax {
		r.err = failure(ErrInternal, "a request has more than %d fields", fieldsMax)
		return
	}
	b := msgp.AppendString(r.call.Request, name)
	b, err := pack.Append(b, value)
	if err != nil {
		r.err = ofValue(err)
		return
	}
	r.count++
	b[0] = 0x80 | r.count
	r.call.Request = b
}

// maybe adds a field, unless its value is nil or empty.
func (r *request) maybe(name string, value any) {
	if value == nil {
		return
	}
	switch given := reflect.ValueOf(value); given.Kind() {
	case reflect.Map, reflect.Pointer, reflect.Slice, reflect.Interface:
		if given.IsNil() {
			return
		}
	case reflect.Bool:
		if !given.Bool() {
			return
		}
	}
	r.put(name, value)
}

// filter adds the filter of a read; none means every document.
func (r *request) filter(filter any) {
	r.maybe("filter", filter)
}

// neededFilter adds the filter of a write, which has to be there: an empty one means every document.
func (r *request) neededFilter(filter any) {
	at := len(r.call.Request)
	if filter == nil {
		r.fail(failure(ErrInvalidArgument, "a filter is needed; an empty one means every document"))
		return
	}
	r.put("filter", filter)
	if value := r.valueAt(at, "filter"); value != nil && msgp.NextType(value) != msgp.MapType {
		r.fail(failure(ErrInvalidArgument, "a filter has to be a document; an empty one means every document"))
	}
}

// update adds an update: operators, or a pipeline.
func (r *request) update(update any) {
	at := len(r.call.Request)
	r.put("update", update)
	if value := r.valueAt(at, "update"); value != nil {
		r.fail(checkUpdate(value))
	}
}

// replacement adds a document that takes the place of another one.
func (r *request) replacement(document any) {
	at := len(r.call.Request)
	r.put("replacement", document)
	if value := r.valueAt(at, "replacement"); value != nil {
		r.fail(checkReplacement(value))
	}
}

// sort adds a sort order: a document of paths, or one path.
func (r *request) sort(sort any) {
	if path, is := sort.(string); is {
		sort = D{{Key: path, Value: 1}}
	}
	r.maybe("sort", sort)
}

// projection adds a projection.
func (r *request) projection(projection any) {
	at := len(r.call.Request)
	r.maybe("projection", projection)
	if value := r.valueAt(at, "projection"); value != nil && msgp.NextType(value) == msgp.ArrayType {
		r.fail(failure(ErrInvalidProjection, "a projection is a document such as {name: 1}, not an array of paths"))
	}
}

// valueAt is the value of the field that was written at a place; nil where none was.
func (r *request) valueAt(at int, name string) []byte {
	if r.err != nil || len(r.call.Request) == at {
		return nil
	}
	head := 1 + len(name) // a name of fewer than 32 bytes
	return r.call.Request[at+head:]
}

// fail keeps the first error.
func (r *request) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// checkUpdate refuses an update that is no update by operators, so that a forgotten $set never replaces a document.
//
// Errors: ErrInvalidArgument, ErrInvalidUpdate.
func checkUpdate(update []byte) error {
	switch msgp.NextType(update) {
	case msgp.ArrayType:
		return nil
	case msgp.MapType:
	default:
		return failure(ErrInvalidArgument, "an update has to be a document of operators, or a pipeline")
	}
	count := 0
	err := eachKey(update, func(key string) error {
		count++
		if key == "" || key[0] != '$' {
			return failure(ErrInvalidUpdate, "%s is no update operator; ReplaceOne replaces a document", key)
		}
		return nil
	})
	if err == nil && count == 0 {
		err = failure(ErrInvalidUpdate, "the update has no operator, such as $set")
	}
	return err
}

// checkReplacement refuses a document that takes another one's place and has operators.
//
// Errors: ErrInvalidArgument, ErrInvalidUpdate.
func checkReplacement(document []byte) error {
	if msgp.NextType(document) != msgp.MapType {
		return failure(ErrInvalidArgument, "a replacement has to be a document")
	}
	return eachKey(document, func(key string) error {
		if key != "" && key[0] == '$' {
			return failure(ErrInvalidUpdate, "%s is an update operator; UpdateOne takes these", key)
		}
		return nil
	})
}

// eachKey gives each key of a map; what is malformed is left for the engine to refuse.
func eachKey(b []byte, see func(key string) error) error {
	count, b, err := msgp.ReadMapHeaderBytes(b)
	for ; count > 0 && err == nil; count-- {
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			break
		}
		if err := see(string(key)); err != nil {
			return err
		}
		b, err = msgp.Skip(b)
	}
	return nil
}
