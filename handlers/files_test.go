package handlers

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestFilesAreRefusedWhereNoneAreTaken walks the table: whoever sends a form in
// parts to any other route hears so before any of it is read.
func TestFilesAreRefusedWhereNoneAreTaken(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, r := range g.server.routes() {
		if r.Traits&web.Machine != 0 {
			continue
		}
		make, _, _ := g.objectOf(r)
		path := fill(r.Path, make(g.scope(club.Admin)))
		for _, typ := range []string{"multipart/form-data; boundary=b", "Multipart/Form-Data;boundary=b", " multipart/mixed ; boundary=b", "multipart/form-data; boundary"} {
			for _, role := range []club.Role{"", club.Admin} {
				body := strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nSmuggled\r\n--b--\r\n")
				req, err := http.NewRequestWithContext(t.Context(), r.Method, g.web.URL+path, body)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", typ)
				req.Header.Set("Sec-Fetch-Site", "same-origin")
				a := g.browser(role).send(req)
				if got, want := a.StatusCode == http.StatusUnsupportedMediaType, r.Traits&web.Files == 0; got != want {
					t.Errorf("%s %s as %q with %q answered %d", r.Method, r.Path, role, typ, a.StatusCode)
				}
				if a.StatusCode == http.StatusUnsupportedMediaType {
					a.says("No files can be sent here")
				}
			}
		}
	}
}

// The attack that once ended the process: so many connections, each with a body
// of so many bytes.
const (
	floodConnections = 40
	floodBytes       = 31 << 20
	// floodMemory is the most that the memory in use may grow by, in bytes.
	floodMemory = 20 << 20
)

var zeros = make([]byte, 64<<10)

// floodOf are ways to begin and go on with a large body.
var floodOf = []struct{ name, head, begin, more, piece string }{
	{"a file", "Content-Type: multipart/form-data; boundary=b\r\n", "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.png\"\r\n\r\n", "", ""},
	{"a long mark", "Content-Type: multipart/form-data; boundary=b\r\n", "--b\r\nContent-Disposition: form-data; name=\"mark\"\r\n\r\n", "", ""},
	{"a long head", "Content-Type: multipart/form-data; boundary=b\r\n", "--b\r\nX-Long: ", "", ""},
	{"parts of other kinds", "Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\n", "", ""},
	{"a long field", "Content-Type: application/x-www-form-urlencoded\r\n", "email=", "", ""},
	{"a long field in chunks", "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n", "10000\r\n", "\r\n10000\r\n", ""},
	{"many fields in chunks", "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n", "10000\r\n", "\r\n10000\r\n", "fields"},
	{"text", "Content-Type: text/plain\r\n", "", "", ""},
}

// fieldsOf is a form of very many short fields with different names.
var fieldsOf = func() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < len(zeros); i++ {
		fmt.Fprintf(&b, "%x&", i)
	}
	return b.Bytes()[:len(zeros)]
}()

// flood sends a body until it is all sent or refused.
func (s *scene) flood(path, cookie string, kind int) {
	k := floodOf[kind]
	conn, err := net.Dial("tcp", s.web.Listener.Addr().String())
	if err != nil {
		s.t.Error(err)
		return
	}
	defer conn.Close()
	head := "POST " + path + " HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nCookie: bandstand=" + cookie + "\r\n" + k.head
	if !strings.Contains(k.head, "chunked") {
		head += fmt.Sprintf("Content-Length: %d\r\n", floodBytes)
	}
	go func() { // who was answered has no more to send
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		_ = conn.Close()
	}()
	piece := zeros
	if k.piece != "" {
		piece = fieldsOf
	}
	_, err = io.WriteString(conn, head+"\r\n"+k.begin)
	for sent := len(k.begin); err == nil && sent < floodBytes; sent += len(piece) {
		if _, err = conn.Write(piece); err == nil {
			_, err = io.WriteString(conn, k.more)
		}
	}
}

// inUse is the memory in use when all that is free was found.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// most calls look again and again while do runs, and returns the largest.
func most(look func() int64, do func()) (largest int64) {
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	for {
		largest = max(largest, look())
		select {
		case <-done:
			return largest
		default:
		}
	}
}

// TestAFloodOfLargeBodiesTakesLittleMemory: forty visitors send 31 MiB each to
// every form there is. The fourteenth once ended the process.
func TestAFloodOfLargeBodiesTakesLittleMemory(t *testing.T) {
	// Not parallel: it measures memory.
	g := newGround(t)
	for _, r := range g.server.routes() {
		if r.Method != http.MethodPost {
			continue
		}
		path := r.Path
		if strings.ContainsAny(path, ":*") {
			_, missing, _ := g.objectOf(r)
			path = fill(path, append(missing, "nonsense", "nonsense"))
		}
		before := inUse()
		peak := most(inUse, func() {
			var all sync.WaitGroup
			for i := range floodConnections {
				all.Go(func() { g.flood(path, "", i%len(floodOf)) })
			}
			all.Wait()
		})
		if grew := peak - before; grew > floodMemory {
			t.Errorf("%s: the memory in use grew by %d KiB", path, grew>>10)
		}
	}
	g.as(club.Writer).get("/calendar").want(http.StatusOK)
}

// withLibrary keeps pictures where the test can look.
func withLibrary(t *testing.T, dir string) func(*Config) {
	return func(c *Config) {
		library, err := media.Open(c.DB, media.Settings{Dir: dir, Key: []byte("key"), BaseURL: c.BaseURL.String(), Now: c.Now})
		if err != nil {
			t.Fatal(err)
		}
		only := platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 20})
		c.Media, c.Practice, c.Real = library, only, only
		c.Platforms = func(int64, bool) *platforms.Registry { return only }
	}
}

// filesIn counts the files in a folder.
func filesIn(t *testing.T, dir string) int64 {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	return int64(len(found))
}

// TestFilesAreReceivedTwoAtATime, of each person one, however many members send
// at once, and go to the disk as they arrive.
func TestFilesAreReceivedTwoAtATime(t *testing.T) {
	// Not parallel: it measures memory.
	dir := t.TempDir()
	s := newScene(t, withLibrary(t, dir))
	const size = 16 << 20
	tokens := map[club.Role]string{}
	for _, role := range []club.Role{club.Writer, club.Publisher, club.Admin} {
		tokens[role] = s.as(role).cookie()
	}
	send := func(token string) {
		conn, err := net.Dial("tcp", s.web.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		begin, end := "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.png\"\r\n\r\n", "\r\n--b--\r\n"
		_, err = fmt.Fprintf(conn, "POST /media HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\nCookie: bandstand=%s\r\n"+
			"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s", token, len(begin)+size+len(end), begin)
		for sent := 0; err == nil && sent < size; sent += len(zeros) {
			_, err = conn.Write(zeros)
		}
		if err == nil {
			_, err = io.WriteString(conn, end)
		}
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if page, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(page), "a.png") {
			t.Errorf("answered %d, %v", resp.StatusCode, err)
		}
	}
	before := inUse()
	var mostFiles int64
	peak := most(func() int64 {
		mostFiles = max(mostFiles, filesIn(t, filepath.Join(dir, "tmp")))
		return inUse()
	}, func() {
		var all sync.WaitGroup
		for _, token := range tokens {
			for range web.WaitingAtMost {
				all.Go(func() { send(token) })
			}
		}
		all.Wait()
	})
	if grew := peak - before; grew > floodMemory {
		t.Errorf("the memory in use grew by %d KiB", grew>>10)
	}
	if mostFiles == 0 || mostFiles > web.UploadPlaces {
		t.Errorf("%d files were on their way at once, want 1 to %d", mostFiles, web.UploadPlaces)
	}
	if n := filesIn(t, filepath.Join(dir, "tmp")); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

// breaking is a reader of web pages that is not well.
type breaking struct{}

func (breaking) Request(context.Context, int64, int64, string) error { panic("canary") }

// TestNothingIsLeftOfAnUpload, whichever way it ends. Files larger than 32 MB
// once stayed in the temporary folder for ever.
func TestNothingIsLeftOfAnUpload(t *testing.T) {
	// Not parallel: it changes the temporary folder of the process.
	system, dir := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", system)
	s := newScene(t, withLibrary(t, dir), func(c *Config) { c.Links = breaking{} })
	s.exec(`UPDATE clubs SET practice = 0`)
	b, vera := s.as(club.Writer), s.as(club.Viewer)
	large, file := append(drawn(t, 60, 40), make([]byte, 36<<20)...), append(drawn(t, 60, 40), make([]byte, 1<<20)...)
	for name, end := range map[string]func(){
		"taken":             func() { b.sendFile("/media", nil, "a.png", large, hx).want(http.StatusOK) },
		"taken with a post": func() { b.sendFile("/posts", draft("Training"), "a.png", file, nil).want(http.StatusSeeOther) },
		"no picture":        func() { b.sendFile("/media", nil, "a.png", file[1:], hx).want(http.StatusUnprocessableEntity) },
		"too large a file": func() {
			b.sendFile("/media", nil, "a.png", make([]byte, media.MaxUpload+1), hx).want(http.StatusUnprocessableEntity)
		},
		"too large a request": func() {
			b.sendFile("/media", nil, "a.png", make([]byte, web.MaxUpload), hx).want(http.StatusRequestEntityTooLarge)
		},
		"too long a text": func() {
			b.sendFile("/posts", draft(strings.Repeat("a", web.MaxBody)), "a.png", file, nil).want(http.StatusRequestEntityTooLarge)
		},
		"a panic": func() {
			b.sendFile("/posts", with(draft("Training"), "link", "https://riverside.example"), "a.png", file, nil).want(http.StatusInternalServerError)
		},
		"no right to":   func() { vera.sendFile("/media", nil, "a.png", file, nil).want(http.StatusForbidden) },
		"nobody":        func() { s.as("").sendFile("/media", nil, "a.png", file, nil).want(http.StatusSeeOther) },
		"not signed in": func() { s.as("").sendFile("/posts", draft("Training"), "a.png", file, nil).want(http.StatusSeeOther) },
		"where none is taken": func() {
			b.sendFile("/profile", url.Values{"name": {"Ines"}}, "a.png", file, nil).want(http.StatusUnsupportedMediaType)
		},
		"cut off": func() { s.cutOffUpload(b.cookie(), dir) },
	} {
		end()
		if a, b := filesIn(t, system), filesIn(t, filepath.Join(dir, "tmp")); a != 0 || b != 0 {
			t.Errorf("%s: %d files are left in the temporary folder, %d beside the pictures", name, a, b)
		}
	}
}

// cutOffUpload sends half a file and goes away.
func (s *scene) cutOffUpload(cookie, dir string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.web.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = io.WriteString(conn, "POST /media HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nCookie: bandstand="+cookie+"\r\n"+
		"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.png\"\r\n\r\n"+strings.Repeat("a", 100_000))
	if err != nil {
		s.t.Fatal(err)
	}
	until := func(n int64) {
		s.t.Helper()
		for end := time.Now().Add(time.Minute); filesIn(s.t, filepath.Join(dir, "tmp")) != n; runtime.Gosched() {
			if time.Now().After(end) {
				s.t.Fatalf("there are never %d files", n)
			}
		}
	}
	until(1)
	if err := conn.Close(); err != nil {
		s.t.Fatal(err)
	}
	until(0)
}
