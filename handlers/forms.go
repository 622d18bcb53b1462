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
type faults struct {
	c    echo.Context
	list []layout.Fault
	code club.Code // why nothing could be stored, if that is so
}

// take keeps err if it is for a person to mend in the form, or if nothing could
// be stored, so that the form is shown again with what was typed. It returns any
// other error. On a page that htmx keeps nothing is lost anyway.
func (f *faults) take(err error) error {
	if err == nil {
		return nil
	}
	ce, ok := errors.AsType[*club.Error](err)
	if !ok {
		return err
	}
	switch {
	case club.Storage(err) && !isHX(f.c):
		f.code = ce.Code
	case ce.Field == "":
		return err
	}
	f.list = append(f.list, layout.Fault{Field: ce.Field, Text: t(f.c, ce.Key, i18n.Args(ce.Args)...)})
	return nil
}

// status is that of a form that is shown again.
func (f *faults) status() int {
	if f.code != "" {
		return statusOf[f.code]
	}
	return http.StatusUnprocessableEntity
}

// any tells whether something must be mended.
func (f *faults) any() bool { return len(f.list) > 0 }

// at is the text beside a field, empty if it is fine.
func (f *faults) at(field string) string {
	for _, x := range f.list {
		if x.Field == field {
			return x.Text
		}
	}
	return ""
}

// errors is the texts by field, for a form's view model.
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

// id reads a number from the address; what is not a number is not there.
func id(c echo.Context, name string) (int64, error) {
	n, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, club.ErrNotFound
	}
	return n, nil
}

// origin is where a request comes from, for the audit log.
func origin(c echo.Context) string { return c.RealIP() }
