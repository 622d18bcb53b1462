package main

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/alecthomas/kong"

	"github.com/bandstand-app/bandstand/platforms"
)

// Limits of what the tests with real processes wait for.
const (
	startLimit = 20 * time.Second
	stopLimit  = 10 * time.Second // rule P18 and what is around it
	lookEvery  = 5 * time.Millisecond
)

// until waits for a condition and tells whether it came.
func until(t *testing.T, limit time.Duration, condition func() bool) bool {
	t.Helper()
	end := time.NewTimer(limit)
	defer end.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for !condition() {
		select {
		case <-look.C:
		case <-end.C:
			return condition()
		}
	}
	return true
}

// buildProgram builds the real binary.
func buildProgram(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bandstand")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", bin, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// transcript is what a process wrote.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (tr *transcript) Write(b []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.b.Write(b)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.b.String()
}

// program is one running process of the binary.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   *transcript
	ended chan struct{}
}

// start runs the binary; log takes what it writes to its error output.
func start(t *testing.T, log io.Writer, env []string, bin string, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(bin, args...), out: &transcript{}, ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, p.out, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // what it says is in ProcessState
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *program) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// says waits until the process has written something that ends with a new line
// and returns everything so far.
func (p *program) says(what string) string {
	p.t.Helper()
	ok := until(p.t, startLimit, func() bool {
		_, rest, found := strings.Cut(p.out.String(), what)
		return p.gone() || found && strings.Contains(rest, "\n")
	})
	if !ok || p.gone() {
		p.t.Fatalf("%s does not say %q but\n%s", p.cmd.Args, what, p.out)
	}
	return p.out.String()
}

// kill ends the process as a power cut would end it.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// stop ends the process as an operator would, and wants it to end well.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if !until(p.t, stopLimit, p.gone) {
		p.t.Fatalf("%s still runs %s after SIGTERM", p.cmd.Args[1], stopLimit)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("%s ended with %d after SIGTERM, want 0", p.cmd.Args[1], code)
	}
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// pair is an app and a sandbox as two processes of the binary.
type pair struct {
	t       *testing.T
	bin     string
	log     *transcript
	sandbox *program
	app     *program
	at      string   // address of the sandbox
	env     []string // of the app
	listen  string
	data    string
	http    *http.Client
}

// newPair starts a sandbox, and an app that takes it for the platforms. What
// they logged is shown if the test fails.
func newPair(t *testing.T, bin string) *pair {
	t.Helper()
	p := &pair{t: t, bin: bin, log: &transcript{}, at: "http://" + freeAddress(t), http: &http.Client{Timeout: startLimit}}
	t.Cleanup(func() {
		if t.Failed() {
			path := filepath.Join(os.TempDir(), "bandstand-"+strings.ReplaceAll(t.Name(), "/", "-")+".log")
			t.Log("the processes' log is in ", path, os.WriteFile(path, []byte(p.log.String()), 0o600))
		}
	})
	dir := t.TempDir()
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	p.startSandbox(filepath.Join(dir, "sandbox"))
	p.listen, p.data = freeAddress(t), filepath.Join(dir, "data")
	for line := range strings.Lines(p.sandbox.out.String()) {
		if set, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			p.env = append(p.env, set)
		}
	}
	p.startApp()
	return p
}

func (p *pair) startSandbox(data string) {
	p.t.Helper()
	p.sandbox = start(p.t, p.log, p.env[:2], p.bin, "sandbox", "--listen", strings.TrimPrefix(p.at, "http://"), "--data", data)
	p.sandbox.says("export BANDSTAND_ALLOW_NETWORKS=")
}

// calm starts the sandbox anew: it keeps its record and forgets its faults.
func (p *pair) calm() {
	p.t.Helper()
	p.sandbox.stop()
	p.startSandbox(p.sandbox.cmd.Args[len(p.sandbox.cmd.Args)-1])
}

func (p *pair) startApp() {
	p.t.Helper()
	p.app = start(p.t, p.log, p.env, p.bin, "serve", "--listen", p.listen, "--data", p.data)
}

// beginRequest sends the app a request whose body does not come.
func (p *pair) beginRequest() {
	p.t.Helper()
	p.app.says("runs at")
	conn, err := net.Dial("tcp", p.listen)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	_, err = conn.Write([]byte("POST /setup HTTP/1.1\r\nHost: " + p.listen + "\r\nSec-Fetch-Site: same-origin\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"))
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil { // it wants the body
		p.t.Fatal(err)
	}
}

// fault makes the platforms misbehave until the sandbox is calmed.
func (p *pair) fault(operation, fault string, percent int) {
	p.t.Helper()
	for _, i := range describe() {
		b, err := json.Marshal(platforms.SimFault{Platform: i.ID, Operation: operation, Fault: fault, Percent: percent})
		if err != nil {
			p.t.Fatal(err)
		}
		resp, err := p.http.Post(p.at+"/_sandbox/faults", "application/json", bytes.NewReader(b))
		if err != nil {
			p.t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			p.t.Fatalf("arming %s answered %d", b, resp.StatusCode)
		}
	}
}

// record is everything that the platforms accepted.
func (p *pair) record() []platforms.SimPost {
	p.t.Helper()
	resp, err := p.http.Get(p.at + "/_sandbox/posts")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var posts []platforms.SimPost
	if err := json.NewDecoder(resp.Body).Decode(&posts); err != nil {
		p.t.Fatal(err)
	}
	return posts
}

// open opens the app in this process, with the settings of its own process.
func (p *pair) open(now func() time.Time, elapsed func() time.Duration) *App {
	p.t.Helper()
	c := cli{}
	c.Serve.Platforms = newPlatformSettings(describe())
	parser, err := kong.New(&c, settingGroups)
	if err != nil {
		p.t.Fatal(err)
	}
	args := []string{"serve", "--listen", p.listen, "--data", p.data}
	for _, set := range p.env {
		if name, value, ok := strings.Cut(set, "="); ok && strings.HasPrefix(name, "BANDSTAND_") {
			args = append(args, "--"+strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "BANDSTAND_"), "_", "-"))+"="+value)
		}
	}
	if _, err := parser.Parse(args); err != nil {
		p.t.Fatal(err)
	}
	app, err := openApp(p.t.Context(), c.Serve.Settings, io.Discard, now, func(a *App) { a.elapsed, a.log = elapsed, newLog(p.log) })
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := app.Close(); err != nil {
			p.t.Error(err)
		}
	})
	go func() { _ = app.server.Serve(app.listener) }()
	return app
}

// person uses the app by its pages, in a browser without script.
type person struct {
	t    *testing.T
	base string
	http *http.Client
}

func newPerson(t *testing.T, base string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, base: base, http: &http.Client{Jar: jar, Timeout: startLimit}}
}

// page is what a browser shows.
type page struct {
	at     *url.URL
	status int
	doc    *goquery.Document
}

// show performs a request and follows where it leads.
func (p *person) show(req *http.Request) (page, error) {
	resp, err := p.http.Do(req)
	if err != nil {
		return page{}, err
	}
	defer resp.Body.Close()
	doc, err := goquery.NewDocumentFromReader(resp.Body)
	return page{resp.Request.URL, resp.StatusCode, doc}, err
}

// open opens a page of the app.
func (p *person) open(address string) page {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base+address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	got, err := p.show(req)
	if err != nil || got.status != http.StatusOK {
		p.t.Fatalf("%s answered %d, %v", address, got.status, err)
	}
	return got
}

// send sends a form to an address.
func (p *person) send(address string, form url.Values) (page, error) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.show(req)
}

// press fills in a form of a page and presses its first button.
func (p *person) press(on page, form *goquery.Selection, typed url.Values) page {
	p.t.Helper()
	if form.Length() == 0 {
		p.t.Fatalf("%s has no such form:\n%s", on.at, on.doc.Find("main").Text())
	}
	values := url.Values{}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, in *goquery.Selection) {
		_, off := in.Attr("disabled")
		_, ticked := in.Attr("checked")
		kind := in.AttrOr("type", "")
		value := in.AttrOr("value", "")
		switch {
		case off, (kind == "checkbox" || kind == "radio") && !ticked:
			return
		case goquery.NodeName(in) == "textarea":
			value = in.Text()
		case goquery.NodeName(in) == "select":
			value = in.Find("option[selected], option").First().AttrOr("value", "")
			if chosen := in.Find("option[selected]"); chosen.Length() > 0 {
				value = chosen.AttrOr("value", "")
			}
		}
		values.Add(in.AttrOr("name", ""), value)
	})
	if button := form.Find("button").First(); button.AttrOr("name", "") != "" {
		values.Set(button.AttrOr("name", ""), button.AttrOr("value", ""))
	}
	for name, v := range typed {
		values[name] = v
	}
	to, err := on.at.Parse(form.AttrOr("action", ""))
	if err != nil {
		p.t.Fatal(err)
	}
	got, err := p.send(to.String(), values)
	if err != nil || got.status != http.StatusOK {
		p.t.Fatalf("%s answered %d, %v\n%s", to, got.status, err, got.text())
	}
	return got
}

func (g page) text() string {
	if g.doc == nil {
		return ""
	}
	return strings.Join(strings.Fields(g.doc.Find("main").Text()), " ")
}

// setUp makes the first person and their club, and leaves practice mode.
func (p *person) setUp(greeting string) {
	p.t.Helper()
	_, rest, ok := strings.Cut(greeting, p.base+"/setup")
	query, _, _ := strings.Cut(rest, " ")
	if !ok {
		p.t.Fatalf("no address for set-up in %q", greeting)
	}
	form := p.open("/setup" + query)
	p.press(form, form.doc.Find("main form"), url.Values{
		"name": {"Maeve Byrne"}, "email": {"maeve@riverside.example"}, "password": {"three old tin drums"}, "club": {"Riverside FC"},
	})
	live := p.open("/practice")
	p.press(live, live.doc.Find("form#live"), nil)
}

// connect signs in at a platform by its own pages and takes the first account
// there that can be used.
func (p *person) connect(i platforms.Info) {
	p.t.Helper()
	at := p.open("/accounts/connect/" + string(i.ID))
	for range maxClicks {
		if at.at.Path == "/accounts" {
			return
		}
		typed := url.Values{}
		for key, value := range demoSignIns[i.ID] {
			typed.Set("in-"+key, value)
		}
		if strings.HasPrefix(at.at.Path, "/accounts/choose/") {
			mine := at.doc.Find(".choice").FilterFunction(func(_ int, c *goquery.Selection) bool {
				return c.Find("small").Text() == i.Name && c.Find("input:not([disabled])").Length() > 0
			}).First()
			typed = url.Values{"account": {mine.Find("input").AttrOr("value", "")}}
		}
		at = p.press(at, at.doc.Find("main form[method=post]").First(), typed)
	}
	p.t.Fatalf("connecting %s does not end; the last page is %s: %s", i.Name, at.at.Path, at.text())
}

// accounts are the ids of the accounts that the composer offers.
func (p *person) accounts() []string {
	p.t.Helper()
	return p.open("/posts/new").doc.Find("input[name=account]:not([disabled])").Map(func(_ int, in *goquery.Selection) string {
		return in.AttrOr("value", "")
	})
}

// upload sends a picture and returns its id.
func (p *person) upload() string {
	p.t.Helper()
	picture, err := jpegOf(pitch, 1080, 1080)
	if err != nil {
		p.t.Fatal(err)
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	file, err := form.CreateFormFile("files", "pitch.jpg")
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := file.Write(picture); err != nil {
		p.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.base+"/media", &b)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	got, err := p.show(req)
	if err != nil || got.at.Query().Get("media") == "" {
		p.t.Fatalf("the picture was not taken: %s answered %d, %v\n%s", req.URL, got.status, err, got.text())
	}
	return got.at.Query().Get("media")
}
