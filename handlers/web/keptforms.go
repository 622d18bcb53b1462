package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// typedKey tells of a request without a sign-in that what it brings is somebody's
// text.
const typedKey = "typed"

// LostFiles is the field that stands for pictures which were not kept.
const LostFiles = "files_lost"

// putAside keeps the text of a form that arrives without a sign-in, for the
// person who opened it. It returns the path where they get it back,
// or nothing if the form is nobody's. The form's signed mark is the door: it
// comes first, and nothing is read of a form that does not carry one.
func (app *App) putAside(c echo.Context) (path string, err error) {
	fields, owner, err := app.readTyped(c.Request())
	if errors.Is(err, club.ErrNotFound) {
		return "", nil
	}
	if err == nil {
		Tidy(fields, "")
		fields.Del("do")
		if id := c.Param("id"); id != "" {
			fields.Set("post", id)
		}
		path, err = app.DB.KeepForm(c.Request().Context(), owner, fields)
	}
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case err == nil:
		return KeptPath + path, nil
	case errors.Is(err, club.ErrNotFound):
		return "", nil
	case large, club.CodeOf(err) == club.Invalid:
		return "", &club.Error{Code: club.Invalid, Key: "kept_too_big", Err: err}
	case club.Storage(err):
		return "", &club.Error{Code: club.CodeOf(err), Key: "kept_not", Err: err}
	}
	return "", err
}

// readTyped reads the text fields of a form, as far as they can be kept, and who
// opened it. club.ErrNotFound: it carries no mark of ours, or is damaged.
func (app *App) readTyped(r *http.Request) (url.Values, store.Scope, error) {
	if !bringsFiles(r) {
		return app.readTypedText(r.Body)
	}
	body := &gate{ReadCloser: r.Body}
	r.Body = body
	body.limit(maxHead)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, store.Scope{}, club.ErrNotFound
	}
	fields, owner, left := url.Values{}, store.Scope{}, store.MaxKeptForm
	for first := true; ; first = false {
		part, err := parts.NextPart()
		switch {
		case first && (err != nil || part.FormName() != "mark"):
			return nil, owner, club.ErrNotFound
		case errors.Is(err, io.EOF):
			return fields, owner, nil
		case err != nil:
			return nil, owner, errKeptLarge // more than the server reads, or cut off
		case first:
			b, err := io.ReadAll(part)
			if err == nil {
				owner, err = app.DB.FormOwner(string(b))
			}
			if err != nil {
				return nil, owner, club.ErrNotFound
			}
		case part.FileName() != "":
			body.open()
			fields.Set(LostFiles, "1")
			if _, err := io.Copy(io.Discard, part); err != nil {
				return nil, owner, errKeptLarge
			}
		default:
			body.open()
			b, err := io.ReadAll(io.LimitReader(part, int64(left)+1))
			if left -= len(b); err != nil || left < 0 {
				return nil, owner, errKeptLarge
			}
			fields.Add(part.FormName(), string(b))
		}
		body.limit(maxHead)
	}
}

// errKeptLarge is the error of a form that is too long to be kept.
var errKeptLarge = &http.MaxBytesError{Limit: store.MaxKeptForm}

// readTypedText does the same with a form of text alone. Its mark is at its
// beginning: the rest is read only of a form that is ours.
func (app *App) readTypedText(body io.Reader) (url.Values, store.Scope, error) {
	begin := make([]byte, maxHead)
	n, err := io.ReadFull(body, begin)
	whole := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !whole {
		return nil, store.Scope{}, club.ErrNotFound
	}
	begin = begin[:n]
	owner, err := app.ownerOfForm(string(begin))
	if err != nil {
		return nil, owner, err
	}
	// In this form, a letter may take several bytes.
	const most = 3 * store.MaxKeptForm
	rest, err := io.ReadAll(io.LimitReader(body, int64(most-n+1)))
	if err != nil || n+len(rest) > most {
		return nil, owner, errKeptLarge
	}
	fields, err := url.ParseQuery(string(begin) + string(rest))
	if err != nil {
		return nil, owner, club.ErrNotFound
	}
	fields.Del("mark")
	return fields, owner, nil
}

// ownerOfForm finds who opened the form that begins like this.
func (app *App) ownerOfForm(begin string) (store.Scope, error) {
	for field := range strings.SplitSeq(begin, "&") {
		if mark, ok := strings.CutPrefix(field, "mark="); ok {
			if mark, err := url.QueryUnescape(mark); err == nil {
				return app.DB.FormOwner(mark)
			}
		}
	}
	return store.Scope{}, club.ErrNotFound
}
