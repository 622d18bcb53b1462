package handlers

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

// faults collects what is wrong with a form, field by field, in the order found.
// The zero value is a form without faults.
type faults struct {
	list []layout.Fault
	code club.Code // why nothing could be stored, if that is so
}

// add notes what is wrong with a field; "" is the form as a whole.
func (f *faults) add(field, text string) {
	f.list = append(f.list, layout.Fault{Field: field, Text: text})
}

// take keeps err if the person can correct it in the form, or if nothing could
// be stored, so that the form is shown again with what was typed. It returns any
// other error. On a page that htmx keeps, nothing is lost anyway.
func (f *faults) take(c echo.Context, err error) error {
	if err == nil {
		return nil
	}
	ce, ok := errors.AsType[*club.Error](err)
	if !ok {
		return err
	}
	switch {
	case club.Storage(err) && !isHX(c):
		f.code = ce.Code
	case ce.Field == "":
		return err
	}
	f.add(ce.Field, t(c, ce.Key, i18n.Args(ce.Args)...))
	return nil
}

// status is the HTTP status of a form that is shown again.
func (f *faults) status() int {
	if f.code != "" {
		return statusOf[f.code]
	}
	return http.StatusUnprocessableEntity
}

// any reports whether anything must be corrected.
func (f *faults) any() bool { return len(f.list) > 0 }

// at returns the first text about a field, empty if the field is fine.
func (f *faults) at(field string) string {
	for _, x := range f.list {
		if x.Field == field {
			return x.Text
		}
	}
	return ""
}

// errors returns the first text about each field, for a form's view model.
func (f *faults) errors() map[string]string {
	m := make(map[string]string, len(f.list))
	for _, x := range f.list {
		if m[x.Field] == "" {
			m[x.Field] = x.Text
		}
	}
	return m
}

// readForm reads what an address or a form sent, once for all handlers: only
// text, without bytes that no keyboard makes and no database or platform would
// give back.
func readForm(rt route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			tidy(c.QueryParams(), "\ufffd") // a state with a NUL is not the one without
			if r.Method != http.MethodPost {
				_ = r.ParseForm() // what is not understood is left out, so that an old bookmark still opens
				tidy(r.Form, "\ufffd")
				return next(c)
			}
			if rt.action == club.Public {
				if err := countFields(r); err != nil {
					return err
				}
			}
			if err := r.ParseForm(); err != nil {
				return unreadable(err)
			}
			tidy(r.Form, "")
			tidy(r.PostForm, "")
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

// tidy makes text of what was sent; nul stands for bytes that are zero.
func tidy(values map[string][]string, nul string) {
	for _, vs := range values {
		for i, v := range vs {
			vs[i] = strings.ReplaceAll(strings.ToValidUTF8(v, "\ufffd"), "\x00", nul)
		}
	}
}

// parseID reads the id of a row; what is no id is 0, which no row has.
func parseID(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// pathID reads an id from the path. What is no id is not there.
func pathID(c echo.Context, name string) (int64, error) {
	if n := parseID(c.Param(name)); n != 0 {
		return n, nil
	}
	return 0, club.ErrNotFound
}

// origin is the address that a request comes from, for the audit log.
func origin(c echo.Context) string { return c.RealIP() }
