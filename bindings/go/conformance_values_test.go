// Values of the conformance cases: relaxed Extended JSON to Go's values, and how a result is compared.
//
// Promises: test/conformance/README.md of the repository, "Values" and "Comparing", and nothing beyond. Leaves to
// others: operations (conformance_test.go, conformance_operations_test.go).

package quire_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	quire "github.com/quiredb/quiredb/bindings/go"
)

// readJSON reads JSON with the order of its fields: maps are quire.D, arrays []any, numbers int64 or float64.
func readJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return nextJSON(decoder)
}

func nextJSON(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Number:
		return numberOf(token)
	case json.Delim:
		if token == '[' {
			return listJSON(decoder)
		}
		return mapJSON(decoder)
	}
	return token, nil
}

func listJSON(decoder *json.Decoder) (any, error) {
	list := []any{}
	for decoder.More() {
		element, err := nextJSON(decoder)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	_, err := decoder.Token()
	return list, err
}

func mapJSON(decoder *json.Decoder) (any, error) {
	fields := quire.D{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := nextJSON(decoder)
		if err != nil {
			return nil, err
		}
		fields = append(fields, quire.E{Key: key.(string), Value: value})
	}
	_, err := decoder.Token()
	return fields, err
}

// numberOf is a number: an integer where it is whole, however it is written.
func numberOf(text json.Number) (any, error) {
	if whole, err := text.Int64(); err == nil {
		return whole, nil
	}
	number, err := text.Float64()
	if err == nil && number == math.Trunc(number) && math.Abs(number) < 1<<53 {
		return int64(number), nil
	}
	return number, err
}

// valueOf is the value that Extended JSON stands for; $saved is looked up.
func valueOf(given any, saved map[string]any) any {
	switch given := given.(type) {
	case []any:
		list := make([]any, len(given))
		for index, element := range given {
			list[index] = valueOf(element, saved)
		}
		return list
	case quire.D:
		if len(given) == 1 {
			if value, is := specialOf(given[0].Key, given[0].Value, saved); is {
				return value
			}
		}
		fields := make(quire.D, len(given))
		for index, field := range given {
			fields[index] = quire.E{Key: field.Key, Value: valueOf(field.Value, saved)}
		}
		return fields
	}
	return given
}

func specialOf(key string, inner any, saved map[string]any) (any, bool) {
	switch key {
	case "$saved":
		return lookedUp(inner.(string), saved), true
	case "$date":
		return dateOf(inner), true
	case "$binary":
		data, err := base64.StdEncoding.DecodeString(field(inner, "base64").(string))
		return data, err == nil
	case "$numberLong":
		text := inner.(string)
		if number, err := strconv.ParseInt(text, 10, 64); err == nil {
			return number, true
		}
		number, err := strconv.ParseUint(text, 10, 64)
		return number, err == nil
	case "$numberDouble":
		number, err := strconv.ParseFloat(inner.(string), 64)
		return number, err == nil
	}
	return nil, false
}

func dateOf(inner any) time.Time {
	if text, is := inner.(string); is {
		moment, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			panic(err)
		}
		return moment
	}
	milliseconds, err := strconv.ParseInt(field(inner, "$numberLong").(string), 10, 64)
	if err != nil {
		panic(err)
	}
	return time.UnixMilli(milliseconds).UTC()
}

// field is a field of a map; nil where it has none.
func field(of any, name string) any {
	switch of := of.(type) {
	case quire.D:
		for _, field := range of {
			if field.Key == name {
				return field.Value
			}
		}
	case quire.Document:
		return of[name]
	}
	return nil
}

// lookedUp is the value at a path such as seen.0._id: a name, then places and fields.
func lookedUp(path string, saved map[string]any) any {
	places := strings.Split(path, ".")
	value, is := saved[places[0]]
	if !is {
		panic("nothing was saved as " + places[0])
	}
	for _, place := range places[1:] {
		if list, is := value.([]any); is {
			index, err := strconv.Atoi(place)
			if err != nil || index >= len(list) {
				return nil
			}
			value = list[index]
			continue
		}
		value = field(value, place)
	}
	return value
}

// difference says what makes actual another value than the one expected; empty when nothing does.
func difference(expected, actual any, saved map[string]any, path string) string {
	told := func() string { return fmt.Sprintf("%s: expected %v, got %v", path, expected, actual) }
	switch wanted := expected.(type) {
	case []any:
		list, is := actual.([]any)
		if !is {
			return told()
		}
		return differenceOfLists(wanted, list, saved, path)
	case quire.D:
		if len(wanted) == 1 {
			inner := wanted[0].Value
			switch wanted[0].Key {
			case "$any":
				if isOf(inner.(string), actual) {
					return ""
				}
				return told()
			case "$some":
				return differenceOfMaps(inner.(quire.D), actual, saved, path, false)
			case "$unordered":
				return differenceOfSets(inner.([]any), actual, saved, path)
			}
			if value, is := specialOf(wanted[0].Key, inner, saved); is {
				if same(value, actual) {
					return ""
				}
				return told()
			}
		}
		return differenceOfMaps(wanted, actual, saved, path, true)
	}
	if same(expected, actual) {
		return ""
	}
	return told()
}

func differenceOfLists(expected, actual []any, saved map[string]any, path string) string {
	if len(expected) != len(actual) {
		return fmt.Sprintf("%s: %d elements expected, got %v", path, len(expected), actual)
	}
	for index := range expected {
		if found := difference(expected[index], actual[index], saved, fmt.Sprintf("%s[%d]", path, index)); found != "" {
			return found
		}
	}
	return ""
}

func differenceOfSets(expected []any, actual any, saved map[string]any, path string) string {
	list, is := actual.([]any)
	if !is || len(list) != len(expected) {
		return fmt.Sprintf("%s: got %v", path, actual)
	}
	rest := append([]any{}, list...)
	for _, element := range expected {
		place := -1
		for index, candidate := range rest {
			if difference(element, candidate, saved, path) == "" {
				place = index
				break
			}
		}
		if place < 0 {
			return fmt.Sprintf("%s: %v is not among %v", path, element, rest)
		}
		rest = append(rest[:place], rest[place+1:]...)
	}
	return ""
}

func differenceOfMaps(expected quire.D, actual any, saved map[string]any, path string, isWhole bool) string {
	found, is := actual.(quire.Document)
	if !is {
		return fmt.Sprintf("%s: a map expected, got %v", path, actual)
	}
	for _, wanted := range expected {
		value, is := found[wanted.Key]
		if !is {
			return fmt.Sprintf("%s: no %s in %v", path, wanted.Key, found)
		}
		if told := difference(wanted.Value, value, saved, path+"."+wanted.Key); told != "" {
			return told
		}
	}
	if isWhole && len(found) != len(expected) {
		return fmt.Sprintf("%s: more fields than expected in %v", path, found)
	}
	return ""
}

// same compares two values: numbers by what they are, whatever holds them.
func same(expected, actual any) bool {
	if one, is := exactly(expected); is {
		other, is := exactly(actual)
		return is && one == other
	}
	switch expected := expected.(type) {
	case time.Time:
		other, is := actual.(time.Time)
		return is && expected.Equal(other)
	case []byte:
		other, is := actual.([]byte)
		return is && bytes.Equal(expected, other)
	}
	return reflect.DeepEqual(plain(expected), plain(actual))
}

// exactly is a number as a text that tells every two numbers apart; zero has no sign.
func exactly(value any) (string, bool) {
	switch number := value.(type) {
	case int64:
		return strconv.FormatInt(number, 10), true
	case uint64:
		return strconv.FormatUint(number, 10), true
	case float64:
		if math.IsNaN(number) || math.IsInf(number, 0) {
			return fmt.Sprint(number), true
		}
		rational := new(big.Rat).SetFloat64(number)
		if rational.IsInt() {
			return rational.Num().String(), true
		}
		return rational.String(), true
	}
	return "", false
}

// isOf says whether a value is of the type that $any names.
func isOf(name string, value any) bool {
	switch name {
	case "value":
		return true
	case "text":
		_, is := value.(string)
		return is
	case "number":
		_, is := exactly(value)
		return is
	case "date":
		_, is := value.(time.Time)
		return is
	case "map":
		_, is := value.(quire.Document)
		return is
	}
	panic("$any has no type " + name)
}

// plain is a value as it would come back from the database.
func plain(value any) any {
	raw, err := quire.Marshal(value)
	if err != nil {
		panic(err)
	}
	var read any
	if err := quire.Unmarshal(raw, &read); err != nil {
		panic(err)
	}
	return read
}
