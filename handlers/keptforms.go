package handlers

import (
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// keptPath is where what was put aside is given back.
const keptPath = "/posts/kept/"

// typedKey tells of a request without a sign-in that what it brings is somebody's
// text.
const typedKey = "typed"

// lostFiles is the field that stands for pictures which were not kept.
const lostFiles = "files_lost"

// putAside keeps the text of a form that arrives without a sign-in, for the
// person who opened it (ux.md 4.7). It returns the path where they get it back,
// or nothing if the form is nobody's. The form's signed mark is the door: it
// comes first, and nothing is read of a form that does not carry one.
func (s *Server) putAside(c echo.Context) (path string, err error) {
	fields, owner, err := s.readTyped(c.Request())
	if errors.Is(err, club.ErrNotFound) {
		return "", nil
	}
	if err == nil {
		tidy(fields, "")
		fields.Del("do")
		if id := c.Param("id"); id != "" {
			fields.Set("post", id)
		}
		path, err = s.DB.KeepForm(c.Request().Context(), owner, fields)
	}
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case err == nil:
		return keptPath + path, nil
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
func (s *Server) readTyped(r *http.Request) (url.Values, store.Scope, error) {
	large := &http.MaxBytesError{Limit: store.MaxKeptForm}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		// In this form, a letter may take several bytes.
		b, err := io.ReadAll(io.LimitReader(r.Body, 3*store.MaxKeptForm+1))
		if err != nil || len(b) > 3*store.MaxKeptForm {
			return nil, store.Scope{}, large
		}
		fields, err := url.ParseQuery(string(b))
		if err != nil {
			return nil, store.Scope{}, club.ErrNotFound
		}
		owner, err := s.DB.FormOwner(fields.Get("mark"))
		fields.Del("mark")
		return fields, owner, err
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, store.Scope{}, club.ErrNotFound
	}
	fields, owner, left := url.Values{}, store.Scope{}, store.MaxKeptForm
	for first := true; ; first = false {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return fields, owner, nil
		}
		if err != nil {
			return nil, owner, large // more than the server reads, or cut off
		}
		if part.FileName() != "" {
			fields.Set(lostFiles, "1")
			continue
		}
		b, err := io.ReadAll(io.LimitReader(part, int64(left)+1))
		if err != nil || len(b) > left {
			return nil, owner, large
		}
		left -= len(b)
		if !first {
			fields.Add(part.FormName(), string(b))
			continue
		}
		if owner, err = s.DB.FormOwner(string(b)); err != nil || part.FormName() != "mark" {
			return nil, owner, club.ErrNotFound
		}
	}
}

// showKeptPost is the composer with what was put aside, for who wrote it.
func (s *Server) showKeptPost(c echo.Context) error {
	ref := c.Param("ref")
	fields, err := s.DB.KeptForm(c.Request().Context(), scope(c), ref)
	if err != nil {
		return err
	}
	f := composerOf(fields)
	f.kept, f.notice = ref, t(c, "kept_back")
	if fields.Has(lostFiles) {
		f.notice += " " + t(c, "kept_files")
	}
	post, err := s.editable(c, f.post)
	if code := club.CodeOf(err); code == club.NotFound || code == club.Forbidden || post != nil && post.Status() == club.Published {
		// Somebody deleted it, or it went out: the text is still theirs.
		post, err = nil, nil
		f.post, f.version, f.op = 0, 0, rand.Text()
		f.notice += " " + t(c, "kept_new")
	}
	if err != nil {
		return err
	}
	if post != nil {
		f.keepPublished(*post)
	}
	f.measure(c)
	d, err := s.deskFor(c, post, f.content)
	if err != nil {
		return err
	}
	return s.drawComposer(c, http.StatusOK, d, f)
}

// dropKept removes what was put aside of a form, now that it is saved. What
// cannot be removed expires.
func (s *Server) dropKept(c echo.Context, f *composerForm) {
	if f.kept != "" {
		_ = s.DB.DropKeptForm(c.Request().Context(), scope(c), f.kept)
	}
}
