package limits

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/disk"
	"github.com/bandstand-app/bandstand/internal/testkit"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// demoOn opens a demo whose data lie on this disk, and those of its make-believe
// platforms on another, which has room.
func demoOn(t *testing.T, small string, clock *e2ekit.Clock) *e2ekit.App {
	t.Helper()
	data := filepath.Join(small, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(data, "practice")); err != nil {
		t.Fatal(err)
	}
	app, err := e2ekit.OpenDemo(t.Context(), e2ekit.SettingsFor(data), &bytes.Buffer{}, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// runs lets an app run. end, which may be called more than once, ends it.
func runs(t *testing.T, app *e2ekit.App) (end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	end = sync.OnceFunc(func() {
		stop()
		if err := errors.Join(<-ended, app.Close()); err != nil {
			t.Errorf("end: %v", err)
		}
	})
	t.Cleanup(end)
	return end
}

// hasBallast tells whether the space that is put by lies on the disk.
func hasBallast(t *testing.T, app *e2ekit.App) bool {
	t.Helper()
	i, err := os.Stat(filepath.Join(app.Data, disk.BallastName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil && i.Size() == disk.BallastBytes
}

// waiting tells whether everybody sees that posts wait for the disk.
func (v *visitor) waiting() bool {
	v.t.Helper()
	health, status := v.get("/healthz")
	page, shown := v.get("/calendar")
	return status == http.StatusServiceUnavailable && strings.Contains(health, `"storage"`) &&
		shown == http.StatusOK && strings.Contains(page, "The server has trouble saving, so posts wait")
}

// TestFullDisk is T-DB-FULL on the whole program, on a disk that is really full:
// it says so, loses nothing that was typed, sends nothing, and goes on by itself
// when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	small, fill, free := testkit.SmallDisk(t, "size=64m")
	clock := e2ekit.NewClock()
	app := demoOn(t, small, clock)
	runs(t, app)
	v := newVisitor(t, app)
	account := plainAccount(t, app)
	v.until("space is put by", func() bool { return hasBallast(t, app) })

	const due = "This goes out while the disk is full"
	schedule(t, app, account, due, time.Minute)
	if err := app.DB().Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill()
	clock.Advance(time.Minute)
	v.until("a banner, and a health that tells", v.waiting)
	v.until("the space that was put by is released", func() bool { // its name goes before its blocks do
		left, _, err := disk.Free(small)
		return err == nil && !hasBallast(t, app) && left > disk.BallastBytes/2
	})
	if body, status := v.send("/posts", url.Values{"op": {"spare-1"}, "version": {"0"}, "text": {"In the last room"}, "when": {"none"}}, nil, false); status != http.StatusSeeOther {
		t.Errorf("saving a draft in the space that was put by answers %d: %s", status, body)
	}
	fill() // whoever filled the disk goes on

	const text = "Typed on a full disk"
	form := url.Values{"op": {"full-1"}, "version": {"0"}, "text": {text}, "when": {"none"}, "do": {"draft"}}
	for what, more := range map[string]url.Values{
		"draft":    nil,
		"schedule": {"do": {"schedule"}, "when": {"time"}, "date": {app.Now().AddDate(0, 0, 3).Format(time.DateOnly)}, "time": {"18:30"}, "account": {strconv.FormatInt(account, 10)}},
	} {
		sent := url.Values{}
		for _, from := range []url.Values{form, more} {
			for k, x := range from {
				sent[k] = x
			}
		}
		body, status := v.send("/posts", sent, nil, false)
		v.keeps(what, body, status, http.StatusInsufficientStorage, text)
	}
	if body, status := v.send("/posts/autosave", form, nil, true); status != http.StatusInsufficientStorage || !strings.Contains(body, "no space left") {
		t.Errorf("autosave answers %d: %s", status, body)
	}
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 900, 600))); err != nil {
		t.Fatal(err)
	}
	body, status := v.send("/posts", form, photo.Bytes(), false)
	v.keeps("upload", body, status, http.StatusUnprocessableEntity, text)
	if n := published(t, app, due); n != 0 {
		t.Errorf("the post that is due was sent %d times", n)
	}

	free()
	v.until("everything goes on", func() bool {
		_, status := v.get("/healthz")
		return status == http.StatusOK && published(t, app, due) == 1 && hasBallast(t, app)
	})
	for range 2 { // pressed again, it is the same
		if body, status := v.send("/posts", form, nil, false); status != http.StatusSeeOther {
			t.Fatalf("saving with room again answers %d: %s", status, body)
		}
	}
	found, err := app.DB().Posts(t.Context(), store.Scope{ClubID: app.Demo.ClubID, PersonID: app.Demo.PersonID}, store.PostFilter{Limit: 100, Text: text})
	if err != nil || len(found) != 1 {
		t.Errorf("%d posts were made of one form, %v", len(found), err)
	}
	if body, status := v.send("/posts", url.Values{"op": {"full-2"}, "version": {"0"}, "text": {"With a photo"}, "when": {"none"}}, photo.Bytes(), false); status != http.StatusSeeOther {
		t.Errorf("uploading with room again answers %d: %s", status, body)
	}
	if n := published(t, app, due); n != 1 {
		t.Errorf("the post went out %d times", n)
	}
	var fine string
	if err := app.DB().Reader().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&fine); err != nil || fine != "ok" {
		t.Errorf("integrity: %s, %v", fine, err)
	}
}

// plainAccount is one that takes a text alone.
func plainAccount(t *testing.T, app *e2ekit.App) int64 {
	t.Helper()
	all, err := app.DB().Connections(t.Context(), store.Scope{ClubID: app.Demo.ClubID, PersonID: app.Demo.PersonID})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		p, _ := app.PracticePlatforms().Platform(c.Account.Platform)
		if c.Usable() && !platforms.Blocks(platforms.Check(p.Rules(c.Account).Usual(), platforms.Draft{Text: "Training"})) {
			return c.ID
		}
	}
	t.Fatal("no account takes a text alone")
	return 0
}

// schedule plans a post for a moment from now.
func schedule(t *testing.T, app *e2ekit.App, account int64, text string, in time.Duration) {
	t.Helper()
	scope := store.Scope{ClubID: app.Demo.ClubID, PersonID: app.Demo.PersonID}
	saved, err := app.DB().SavePost(t.Context(), scope, store.PostChange{Op: store.NewID(), Content: club.Content{Text: text, Accounts: []int64{account}}})
	if err == nil {
		err = app.DB().Schedule(t.Context(), scope, saved.ID, []int64{account}, app.Now().Add(in))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// published counts the posts with this text that the make-believe world shows.
func published(t *testing.T, app *e2ekit.App, text string) int {
	t.Helper()
	world, err := app.Worlds().Of(app.Demo.ClubID)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range world.Posts() {
		if p.Text == text {
			n++
		}
	}
	return n
}

// visitor is somebody signed in to a demo, without script.
type visitor struct {
	t    *testing.T
	base string
	http *http.Client
}

func newVisitor(t *testing.T, app *e2ekit.App) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, base: app.Base().String(), http: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if body, status := v.send("/demo/"+app.Demo.Token, nil, nil, false); status != http.StatusSeeOther {
		t.Fatalf("the door of the demo answers %d: %s", status, body)
	}
	return v
}

func (v *visitor) get(path string) (body string, status int) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(req)
}

// send posts a form, with a photo if there is one, as a browser or as htmx does.
func (v *visitor) send(path string, form url.Values, photo []byte, htmx bool) (body string, status int) {
	v.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, values := range form {
		for _, x := range values {
			_ = w.WriteField(name, x)
		}
	}
	if photo != nil {
		part, err := w.CreateFormFile("files", "pitch.png")
		if err != nil {
			v.t.Fatal(err)
		}
		_, _ = part.Write(photo)
	}
	_ = w.Close()
	typ := w.FormDataContentType()
	if photo == nil {
		typ = "application/x-www-form-urlencoded"
		b.Reset()
		b.WriteString(form.Encode())
	}
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+path, &b)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", typ)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if htmx {
		req.Header.Set("HX-Request", "true")
	}
	return v.do(req)
}

func (v *visitor) do(req *http.Request) (body string, status int) {
	v.t.Helper()
	resp, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(b), resp.StatusCode
}

// keeps checks that an answer says there is no space, and holds the text.
func (v *visitor) keeps(what, body string, status, want int, text string) {
	v.t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if status != want || !strings.Contains(doc.Find(".errors").Text(), "The server has no space") {
		v.t.Errorf("%s answers %d, want %d: %q", what, status, want, doc.Find(".errors").Text())
	}
	if got := doc.Find("#text").Text(); got != text {
		v.t.Errorf("%s: the form holds %q, want %q", what, got, text)
	}
}

// until waits for a condition of the running program.
func (v *visitor) until(what string, ok func() bool) {
	v.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	end := time.After(time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			v.t.Fatalf("never came: %s", what)
		}
	}
}
