package simkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// UnknownField is a field of a body that the platform's description does not
// have: "/media/media_id".
type UnknownField struct{ Path string }

func (e *UnknownField) Error() string { return fmt.Sprintf("unknown field %q", e.Path) }

// maxJSON is the most that is read of a body.
const maxJSON = 1 << 20

// ReadJSON reads one JSON value into v. Unlike encoding/json it takes fields only
// by their exact names, as platforms do, and reports the first that v has not as
// *UnknownField.
func ReadJSON(r io.Reader, v any) error {
	raw, err := io.ReadAll(io.LimitReader(r, maxJSON))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return err
	}
	return unknown(raw, reflect.TypeOf(v), "")
}

// unknown looks for fields of a value that its type has not. The value is one of
// its type.
func unknown(raw []byte, t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			return err
		}
		known := fieldsOf(t)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			field, ok := known[name]
			if !ok {
				return &UnknownField{path + "/" + name}
			}
			if err := unknown(fields[name], field, path+"/"+name); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return nil
		}
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return err
		}
		for i, item := range items {
			if err := unknown(item, t.Elem(), fmt.Sprintf("%s/%d", path, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// fieldsOf are the fields of a struct by their names in JSON.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			maps.Copy(out, fieldsOf(f.Type))
		case f.IsExported() && name != "-":
			if name == "" {
				name = f.Name
			}
			out[name] = f.Type
		}
	}
	return out
}
