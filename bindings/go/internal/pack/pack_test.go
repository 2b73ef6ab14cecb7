// Converting values: every type there and back, what is refused, and bytes that are damaged.
//
// Promises: randomness prints its seed. Leaves to others: what the engine does with the bytes (the package above).

package pack_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/quiredb/quiredb/bindings/go/internal/pack"
	"github.com/tinylib/msgp/msgp"
)

func encode(t *testing.T, value any) []byte {
	t.Helper()
	b, err := pack.Append(nil, value)
	if err != nil {
		t.Fatalf("%v: %v", value, err)
	}
	return b
}

func decode[T any](t *testing.T, b []byte) T {
	t.Helper()
	var reader pack.Reader
	var value T
	rest, err := reader.Into(b, &value)
	if err != nil || len(rest) > 0 {
		t.Fatalf("%x: %v, %d bytes are left", b, err, len(rest))
	}
	return value
}

func TestValuesWithoutATypeComeBackAsTheTableSays(t *testing.T) {
	moment := time.Date(2024, 2, 29, 12, 30, 15, 123_456_789, time.UTC)
	for _, one := range []struct{ given, wanted any }{
		{nil, nil}, {true, true}, {"text", "text"}, {[]byte{0, 255}, []byte{0, 255}},
		{7, int64(7)}, {int8(-7), int64(-7)}, {uint16(60_000), int64(60_000)}, {int64(math.MinInt64), int64(math.MinInt64)},
		{uint64(math.MaxInt64), int64(math.MaxInt64)}, {uint64(math.MaxUint64), uint64(math.MaxUint64)},
		{1.5, 1.5}, {float32(0.25), 0.25}, {math.Inf(-1), math.Inf(-1)},
		{moment, moment}, {moment.In(time.FixedZone("", 3600)), moment}, {time.Unix(-1, 5).UTC(), time.Unix(-1, 5).UTC()},
		{time.Unix(0, 0), time.Unix(0, 0).UTC()}, {time.Unix(1<<35, 0), time.Unix(1<<35, 0).UTC()},
		{pack.D{{Key: "b", Value: 1}, {Key: "a", Value: nil}}, pack.Document{"b": int64(1), "a": nil}},
		{[]string{"one", "two"}, []any{"one", "two"}}, {[2]int{3, 4}, []any{int64(3), int64(4)}},
		{[4]byte{1, 2, 3, 4}, []byte{1, 2, 3, 4}}, {map[string]int{"x": 1}, pack.Document{"x": int64(1)}},
		{pack.Raw{0xc3}, true}, {pack.Extension{Type: 5, Data: []byte("abc")}, pack.Extension{Type: 5, Data: []byte("abc")}},
		{netip.MustParseAddr("10.0.0.1"), "10.0.0.1"}, {(*int)(nil), nil}, {[]int(nil), nil}, {pack.Document(nil), nil},
	} {
		if found := decode[any](t, encode(t, one.given)); !reflect.DeepEqual(found, one.wanted) {
			t.Errorf("%#v came back as %#v, not %#v", one.given, found, one.wanted)
		}
	}
}

func TestADocumentIsWrittenInTheOrderOfItsNamesAndADInItsOwn(t *testing.T) {
	names := strings.Split("qwertyuiopasdfghjklzxcvbnm0123456789", "")
	document, ordered := pack.Document{}, pack.D{}
	for _, name := range names {
		document[name] = 1
		ordered = append(ordered, pack.E{Key: name, Value: 1})
	}
	first := encode(t, document)
	for range 20 {
		if !bytes.Equal(first, encode(t, document)) {
			t.Fatal("the same document gave other bytes")
		}
	}
	if !reflect.DeepEqual(decode[pack.D](t, encode(t, ordered)), withLongs(ordered)) {
		t.Error("a D lost its order")
	}
}

func withLongs(fields pack.D) pack.D {
	for index := range fields {
		fields[index].Value = int64(1)
	}
	return fields
}

type inner struct {
	City string `json:"city"`
}

type level string

type outer struct {
	ID    string `quire:"_id,omitempty"`
	Name  string `json:"name,omitempty"`
	Count uint8
	inner
	Home     *inner         `quire:"home,omitempty"`
	Level    level          `quire:"level"`
	Tags     []string       `quire:"tags,omitempty"`
	Fields   pack.Document  `quire:"fields,omitempty"`
	Any      any            `quire:"any,omitempty"`
	When     time.Time      `quire:"when,omitempty"`
	Sizes    map[string]int `quire:"sizes,omitempty"`
	Address  netip.Addr     `quire:"address,omitempty"`
	Key      [2]byte        `quire:"key"`
	Raw      pack.Raw       `quire:"raw,omitempty"`
	Left     func()         `quire:"-"`
	unseen   int
	Children []outer `quire:"children,omitempty"`
}

func TestAStructComesBackAsItWas(t *testing.T) {
	given := outer{
		ID: "x", Name: "Ada", Count: 200, inner: inner{"Paris"}, Home: &inner{"Rome"}, Level: "high",
		Tags: []string{"a"}, Fields: pack.Document{"deep": []any{int64(1)}}, Any: "any",
		When: time.UnixMilli(5).UTC(), Sizes: map[string]int{"s": 1}, Address: netip.MustParseAddr("::1"),
		Key: [2]byte{1, 2}, Raw: pack.Raw{0x01}, Children: []outer{{ID: "y"}}, unseen: 0,
	}
	b := encode(t, given)
	if found := decode[outer](t, b); !reflect.DeepEqual(found, given) {
		t.Errorf("%+v came back as %+v", given, found)
	}
	var reader pack.Reader
	var alone outer
	if err := reader.One(b, &alone); err != nil || !reflect.DeepEqual(alone, given) {
		t.Errorf("%+v came back alone as %+v: %v", given, alone, err)
	}
	if found := decode[pack.Document](t, b); found["city"] != "Paris" || found["count"] != int64(200) {
		t.Errorf("it is stored as %v", found)
	}
	empty := decode[pack.Document](t, encode(t, outer{}))
	if wanted := (pack.Document{"count": int64(0), "city": "", "level": "", "key": []byte{0, 0}}); !reflect.DeepEqual(empty, wanted) {
		t.Errorf("an empty one is stored as %v, not %v", empty, wanted)
	}
}

func TestFieldsMayComeInAnyOrderAndMoreThanTheStructHas(t *testing.T) {
	b := encode(t, pack.D{{Key: "more", Value: []any{1, pack.D{}}}, {Key: "level", Value: "low"}, {Key: "_id", Value: "z"}})
	if found := decode[outer](t, b); found.ID != "z" || found.Level != "low" {
		t.Errorf("read %+v", found)
	}
}

func TestANumberThatDoesNotFitIsRefusedWithItsPath(t *testing.T) {
	type numbers struct {
		Small   int8    `quire:"small"`
		Natural uint    `quire:"natural"`
		Real    float32 `quire:"real"`
	}
	for _, one := range []pack.Document{
		{"small": 128}, {"small": 1.5}, {"small": "1"}, {"natural": -1}, {"natural": 1e30}, {"real": true},
		{"small": uint64(math.MaxUint64)}, {"small": math.NaN()},
	} {
		var reader pack.Reader
		var into numbers
		_, err := reader.Into(encode(t, one), &into)
		name := "small"
		for key := range one {
			name = key
		}
		if !errors.Is(err, pack.ErrMismatch) || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%v: %v", one, err)
		}
	}
	if found := decode[numbers](t, encode(t, pack.Document{"small": 5.0, "natural": 5, "real": 7})); found != (numbers{5, 5, 7}) {
		t.Errorf("whole numbers were read as %v", found)
	}
}

func TestWhatCannotBeStoredIsRefusedWithItsPath(t *testing.T) {
	circle := pack.Document{}
	circle["again"] = circle
	for _, one := range []struct {
		value any
		path  string
	}{
		{pack.Document{"a": []any{1, func() {}}}, "a.1: "}, {make(chan int), "a chan int"},
		{struct{ F complex128 }{}, "f: "}, {map[int]int{1: 1}, "the keys"}, {circle, "again.again."},
		{[]any{map[string]any{"x": complex(1, 1)}}, "0.x: "},
	} {
		_, err := pack.Append(nil, one.value)
		if !errors.Is(err, pack.ErrUnsupported) || !strings.HasPrefix(err.Error(), one.path) {
			t.Errorf("%v", err)
		}
	}
}

// generated has the methods that tinylib/msgp generates, written by hand.
type generated struct{ number int64 }

func (g *generated) MarshalMsg(b []byte) ([]byte, error) {
	return msgp.AppendInt64(msgp.AppendString(msgp.AppendMapHeader(b, 1), "made"), g.number), nil
}

func (g *generated) UnmarshalMsg(b []byte) ([]byte, error) {
	_, b, err := msgp.ReadMapHeaderBytes(b)
	if err == nil {
		_, b, err = msgp.ReadStringBytes(b)
	}
	if err == nil {
		g.number, b, err = msgp.ReadInt64Bytes(b)
	}
	return b, err
}

func TestGeneratedMethodsAreUsedWhereATypeHasThem(t *testing.T) {
	b, err := pack.AppendTo(nil, &generated{42})
	if err != nil || decode[pack.Document](t, b)["made"] != int64(42) {
		t.Fatalf("%x: %v", b, err)
	}
	type holder struct {
		One  generated   `quire:"one"`
		More []generated `quire:"more"`
	}
	b, err = pack.AppendTo(nil, &holder{generated{1}, []generated{{2}}})
	if err != nil {
		t.Fatal(err)
	}
	if found := decode[holder](t, b); found.One.number != 1 || found.More[0].number != 2 {
		t.Errorf("read %v", found)
	}
}

func TestWhatIsReadSharesNoMemoryWithTheBytes(t *testing.T) {
	b := encode(t, pack.Document{"text": "text", "bytes": []byte("bytes"), "more": pack.Extension{Type: 9, Data: []byte("data")}})
	found := decode[pack.Document](t, b)
	raw := decode[pack.Raw](t, b)
	var reader pack.Reader
	var alone pack.Document
	if err := reader.One(b, &alone); err != nil {
		t.Fatal(err)
	}
	for index := range b {
		b[index] = 0xff
	}
	if found["text"] != "text" || string(found["bytes"].([]byte)) != "bytes" || raw[0] == 0xff ||
		string(found["more"].(pack.Extension).Data) != "data" || alone["text"] != "text" {
		t.Errorf("%v changed with the bytes", found)
	}
}

func TestDamagedBytesAreAnErrorAndNoPanic(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	whole := encode(t, outer{ID: "x", Tags: []string{"a", "b"}, When: time.Now(), Any: pack.Document{"a": []any{1, 2.5, nil}},
		Key: [2]byte{1, 2}, Sizes: map[string]int{"s": 1}, Children: []outer{{ID: "y"}}})
	for round := range 20_000 {
		b := bytes.Clone(whole)[:random.IntN(len(whole)+1)]
		for range random.IntN(4) {
			if len(b) > 0 {
				b[random.IntN(len(b))] = byte(random.Uint32())
			}
		}
		var reader pack.Reader
		for _, target := range []any{new(outer), new(any), new(pack.Raw), new(pack.Document), new(pack.D), new(generated)} {
			func() {
				defer func() {
					if failure := recover(); failure != nil {
						t.Fatalf("seed %d, round %d: %s into %T: %v", seed, round, hex.EncodeToString(b), target, failure)
					}
				}()
				_, _ = reader.Into(b, target)
				_ = reader.One(b, target)
			}()
		}
	}
}

func TestLengthsThatAreNotTrueTakeNoMemory(t *testing.T) {
	for _, text := range []string{"dfffffffff", "ddffffffff", "c6ffffffff", "dbffffffff", "c9ffffffff05"} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var reader pack.Reader
		var value any
		if _, err := reader.Into(b, &value); !errors.Is(err, pack.ErrMismatch) {
			t.Errorf("%s: %v", text, err)
		}
		var list []int
		if _, err := reader.Into(b, &list); !errors.Is(err, pack.ErrMismatch) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// panicking is a type whose method panics.
type panicking struct{}

func (*panicking) UnmarshalMsg([]byte) ([]byte, error) { panic("mine") }

func TestAReaderIsGoodForMoreAfterAPanic(t *testing.T) {
	var reader pack.Reader
	func() {
		defer func() { _ = recover() }()
		_ = reader.One(encode(t, pack.D{{Key: "a", Value: "first"}}), &struct {
			A string
			B panicking
		}{})
		_ = reader.One(encode(t, "first"), new(panicking))
	}()
	var text string
	if _, err := reader.Into(encode(t, "second, and longer"), &text); err != nil || text != "second, and longer" {
		t.Errorf("read %q: %v", text, err)
	}
}
