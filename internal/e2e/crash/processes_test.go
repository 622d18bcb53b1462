//go:build crash

package crash

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/platforms"
)

// Limits of what the tests with real processes wait for.
const (
	startLimit = time.Minute
	stopLimit  = time.Minute // only so that nothing waits for ever: what rule P18 allows is shown by TestStopGivesUpOnACallThatHangs
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

// start runs the binary; log takes what it writes to its error output. It ends
// with the test at the latest, even if that is cut off.
func start(t *testing.T, log io.Writer, env []string, bin string, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(bin, args...), out: &transcript{}, ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, p.out, log
	endWithUs(p.cmd)
	started := make(chan error, 1)
	go func() {
		// Us is, to the kernel, the thread that starts it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		if started <- err; err != nil {
			return
		}
		_ = p.cmd.Wait() // what it says is in ProcessState
		close(p.ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
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

// aheadClock runs as the real one does, and ahead of it: the processes read how
// far from its file.
type aheadClock struct {
	t     *testing.T
	file  string
	start time.Time

	mu    sync.Mutex
	ahead time.Duration
}

func newClock(t *testing.T, file string) *aheadClock {
	c := &aheadClock{t: t, file: file, start: time.Now()}
	c.advance(0)
	return c
}

func (c *aheadClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *aheadClock) elapsed() time.Duration { return c.now().Sub(c.start) }

// advance moves the clock forward.
func (c *aheadClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	err := os.WriteFile(c.file+".new", []byte(c.ahead.String()), 0o600)
	if err == nil {
		err = os.Rename(c.file+".new", c.file)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// moveTo moves the clock forward to a time, by a second at least.
func (c *aheadClock) moveTo(at time.Time) { c.advance(max(at.Sub(c.now()), time.Second)) }

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

// pair is an app and a sandbox as two processes of the binary. Both go by one
// clock.
type pair struct {
	t       *testing.T
	bin     string
	log     *transcript
	clock   *aheadClock
	sandbox *program
	app     *program
	at      string   // address of the sandbox
	env     []string // of both
	points  []string // of the app: where the platforms are
	listen  string
	data    string
	http    *http.Client
}

// newPair starts a sandbox, and an app that takes it for the platforms. What
// they logged is shown if the test fails.
func newPair(t *testing.T, bin string) *pair {
	t.Helper()
	dir := t.TempDir()
	p := &pair{
		t: t, bin: bin, log: &transcript{}, clock: newClock(t, filepath.Join(dir, "clock")), at: "http://" + freeAddress(t),
		http: &http.Client{Timeout: startLimit}, listen: freeAddress(t), data: filepath.Join(dir, "data"),
	}
	t.Cleanup(func() {
		if t.Failed() {
			path := filepath.Join(os.TempDir(), "bandstand-"+strings.ReplaceAll(t.Name(), "/", "-")+".log")
			t.Log("the processes' log is in ", path, os.WriteFile(path, []byte(p.log.String()), 0o600))
		}
	})
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, movedClock + "=" + p.clock.file}
	p.sandbox = start(t, p.log, p.env, bin, "sandbox", "--listen", strings.TrimPrefix(p.at, "http://"))
	p.sandbox.says("export BANDSTAND_ALLOW_NETWORKS=")
	for line := range strings.Lines(p.sandbox.out.String()) {
		if set, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			p.points = append(p.points, set)
		}
	}
	p.startApp()
	return p
}

// startApp starts the app; where says at which points it is to fail, if at any.
func (p *pair) startApp(where ...string) {
	p.t.Helper()
	env := append(slices.Concat(p.env, p.points), failpointVariable+"="+strings.Join(where, ","))
	p.app = start(p.t, p.log, env, p.bin, "serve", "--listen", p.listen, "--data", p.data)
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

// fault makes platforms misbehave until the sandbox is calmed.
func (p *pair) fault(faults ...platforms.SimFault) {
	p.t.Helper()
	for _, f := range faults {
		b, err := json.Marshal(f)
		if err != nil {
			p.t.Fatal(err)
		}
		p.tell(http.MethodPost, "faults", b)
	}
}

// everywhere is a fault of all platforms.
func everywhere(operation, fault string, percent int) []platforms.SimFault {
	var all []platforms.SimFault
	for _, i := range e2ekit.Catalogue().Describe() {
		all = append(all, platforms.SimFault{Platform: i.ID, Operation: operation, Fault: fault, Percent: percent})
	}
	return all
}

// calm lets the platforms behave again.
func (p *pair) calm() { p.tell(http.MethodDelete, "faults", nil) }

// tell tells the sandbox something.
func (p *pair) tell(method, what string, body []byte) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.at+"/_sandbox/"+what, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		p.t.Fatalf("telling the sandbox %s %s answered %d", what, body, resp.StatusCode)
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
func (p *pair) open() *e2ekit.App {
	p.t.Helper()
	return p.openAt(p.listen)
}

// openAt opens it at an address of its own, where nobody calls.
func (p *pair) openAt(listen string) *e2ekit.App {
	p.t.Helper()
	args := []string{"--listen", listen, "--data", p.data}
	for _, set := range p.points {
		if name, value, ok := strings.Cut(set, "="); ok {
			args = append(args, "--"+strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "BANDSTAND_"), "_", "-"))+"="+value)
		}
	}
	app, err := e2ekit.Open(p.t.Context(), e2ekit.Parse(p.t, args...), io.Discard, p.clock.now, func(c *e2ekit.Config) { c.Elapsed, c.Log = p.clock.elapsed, slog.New(slog.NewTextHandler(p.log, nil)) })
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := app.Close(); err != nil && !errors.Is(err, os.ErrClosed) { // by the test
			p.t.Error(err)
		}
	})
	go func() { _ = app.Serve() }()
	return app
}
