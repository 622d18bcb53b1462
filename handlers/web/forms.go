package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/layout"
)

// Faults collects what is wrong with a form, field by field, in the order found.
// The zero value is a form without faults.
type Faults struct {
	List []layout.Fault
	code club.Code // why nothing could be stored, if that is so
}

// Add notes what is wrong with a field; "" is the form as a whole.
func (f *Faults) Add(field, text string) {
	f.List = append(f.List, layout.Fault{Field: field, Text: text})
}

// Take keeps err if the person can correct it in the form, or if nothing could be
// stored, so that the form is shown again with what was typed. It returns any
// other error. On a page that htmx keeps, nothing is lost anyway.
func (f *Faults) Take(c echo.Context, err error) error {
	if err == nil {
		return nil
	}
	ce, ok := errors.AsType[*club.Error](err)
	if !ok {
		return err
	}
	switch {
	case club.Storage(err) && !IsHX(c):
		f.code = ce.Code
	case ce.Field == "":
		return err
	}
	f.Add(ce.Field, T(c, ce.Key, i18n.Args(ce.Args)...))
	return nil
}

// Status returns the HTTP status of a form that is shown again.
func (f *Faults) Status() int {
	if f.code != "" {
		return StatusOf[f.code]
	}
	return http.StatusUnprocessableEntity
}

// Any reports whether anything must be corrected.
func (f *Faults) Any() bool { return len(f.List) > 0 }

// At returns the first text about a field, "" if the field is fine.
func (f *Faults) At(field string) string {
	for _, x := range f.List {
		if x.Field == field {
			return x.Text
		}
	}
	return ""
}

// Errors returns the first text about each field, for a form's view model.
func (f *Faults) Errors() map[string]string {
	m := make(map[string]string, len(f.List))
	for _, x := range f.List {
		if m[x.Field] == "" {
			m[x.Field] = x.Text
		}
	}
	return m
}

// readForm reads what an address or a form sent, once for all handlers: only
// text, without bytes that no keyboard makes and no database or platform would
// give back.
func readForm(rt Route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			Tidy(c.QueryParams(), "\ufffd") // a state with a NUL is not the one without
			if r.Method != http.MethodPost {
				_ = r.ParseForm() // what is not understood is left out, so that an old bookmark still opens
				Tidy(r.Form, "\ufffd")
				return next(c)
			}
			if rt.Action == club.Public {
				if err := countFields(r); err != nil {
					return err
				}
			}
			if err := r.ParseForm(); err != nil {
				return unreadable(err)
			}
			Tidy(r.Form, "")
			Tidy(r.PostForm, "")
			return next(c)
		}
	}
}

// countFields refuses a form with many fields before they take their room. It
// is short.
func countFields(r *http.Request) error {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return unreadable(err)
	}
	if bytes.Count(b, []byte{'&'}) >= maxVisitorFields {
		return unreadable(errManyFields)
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return nil
}

var errManyFields = errors.New("the form has more fields than any of ours")

// unreadable is the answer to a form that cannot be read.
func unreadable(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return err
	}
	return &club.Error{Code: club.Invalid, Key: "error_unreadable", Err: err}
}

// Tidy makes valid text of what was sent, without zero bytes: nul takes their
// place.
func Tidy(values map[string][]string, nul string) {
	for _, vs := range values {
		for i, v := range vs {
			vs[i] = strings.ReplaceAll(strings.ToValidUTF8(v, "\ufffd"), "\x00", nul)
		}
	}
}

// ParseID reads the id of a row. It returns 0, which no row has, for what is no
// id.
func ParseID(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// PathID reads an id from the path. What is no id is club.ErrNotFound.
func PathID(c echo.Context, name string) (int64, error) {
	if n := ParseID(c.Param(name)); n != 0 {
		return n, nil
	}
	return 0, club.ErrNotFound
}

// Origin returns the address that a request comes from, for the audit log.
func Origin(c echo.Context) string { return c.RealIP() }
