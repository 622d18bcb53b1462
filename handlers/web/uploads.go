package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
)

// MaxPictures is how many pictures a post may hold, far beyond what any platform
// takes.
const MaxPictures = 40

// How many forms with files are received at once, and how many wait.
const (
	UploadPlaces = 2
	uploadQueue  = 16
)

// Limits of a form with files.
const (
	maxFields = 2000
	maxHead   = 16 << 10 // bytes of what stands before a part, far more than browsers send
)

// uploadsKey holds the []Upload of a request.
const uploadsKey = "uploads"

// Upload is a file that came with a form, or what is wrong with it.
type Upload struct {
	File  *media.Upload
	Fault error
}

// Uploads returns the files that came with the form. They are gone when the
// request has ended.
func Uploads(c echo.Context) []Upload {
	all, _ := c.Get(uploadsKey).([]Upload)
	return all
}

// receive reads a form that came with files. Each file goes to the disk as it
// arrives, two forms at a time, and is gone when the request has ended, however
// it ends. Whoever may not send any does not come this far.
func (app *App) receive(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if !bringsFiles(r) {
			r.Body = http.MaxBytesReader(c.Response(), r.Body, MaxBody)
			return next(c)
		}
		leave, err := app.uploads.enter(r.Context(), Actor(c).Person.ID)
		if err != nil {
			return err
		}
		defer leave()
		var all []Upload
		defer func() {
			for _, u := range all {
				if u.File != nil {
					u.File.Free()
				}
			}
		}()
		values, err := app.readParts(r, &all)
		if err != nil {
			return err
		}
		c.Set(uploadsKey, all)
		// From here on it is a form like any other.
		r.MultipartForm, r.PostForm = &multipart.Form{Value: values}, values
		c.Response().Before(leave)
		return next(c)
	}
}

// readParts reads the fields of a form and puts its files by, as they come.
func (app *App) readParts(r *http.Request, all *[]Upload) (url.Values, error) {
	body := &gate{ReadCloser: r.Body}
	r.Body = body
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, unreadable(err)
	}
	values, left := url.Values{}, int64(MaxBody)
	for range maxFields {
		body.limit(maxHead)
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
		body.open()
		switch {
		case part.FormName() == "":
		case part.FileName() == "":
			b, err := io.ReadAll(io.LimitReader(part, left+1))
			if err != nil {
				return nil, unreadable(err)
			}
			if left -= int64(len(b)); left < 0 {
				return nil, &http.MaxBytesError{Limit: MaxBody}
			}
			values.Add(part.FormName(), string(b))
		case part.FormName() == "files" && len(*all) < MaxPictures:
			u, err := app.Media.Receive(part.FileName(), part)
			if err != nil && club.CodeOf(err) == "" {
				return nil, unreadable(err)
			}
			*all = append(*all, Upload{u, err})
		case part.FormName() == "files" && len(*all) == MaxPictures:
			*all = append(*all, Upload{Fault: club.Fault("media", "composer_too_many_pictures", "limit", strconv.Itoa(MaxPictures))})
		}
		if _, err := io.Copy(io.Discard, part); err != nil {
			return nil, unreadable(err)
		}
	}
	return nil, unreadable(errManyFields)
}

// gate lets so much through until it is opened: what stands before a part is
// read into memory, whatever its length.
type gate struct {
	io.ReadCloser
	closed bool
	left   int
}

func (g *gate) limit(n int) { g.closed, g.left = true, n }

func (g *gate) open() { g.closed = false }

var errLongHead = errors.New("the head of a part is too long")

// Read implements io.Reader.
func (g *gate) Read(b []byte) (int, error) {
	if !g.closed {
		return g.ReadCloser.Read(b)
	}
	if g.left == 0 {
		return 0, errLongHead
	}
	n, err := g.ReadCloser.Read(b[:min(len(b), g.left)])
	g.left -= n
	return n, err
}
