package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// process is a server that is measured from outside.
type process struct {
	b      *testing.B
	cmd    *exec.Cmd
	addr   string
	said   string // file with what it writes
	cookie string
}

// build makes a binary as the Makefile does.
func build(b *testing.B, dir, pkg string) string {
	b.Helper()
	path := filepath.Join(dir, filepath.Base(pkg))
	const views = "github.com/bandstand-app/bandstand/views/"
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=bench",
		"-gcflags", views+"...=-l", "-gcflags", views+"calendar=", "-tags", "sqlite_omit_load_extension", "-o", path, "./"+pkg)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return path
}

func freeAddr(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	defer l.Close()
	return l.Addr().String()
}

// start runs a server until the benchmark ends. {addr} in its arguments becomes
// its address.
func start(b *testing.B, path string, args ...string) *process {
	b.Helper()
	p := &process{b: b, addr: freeAddr(b), said: filepath.Join(b.TempDir(), "said")}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{addr}", p.addr)
	}
	p.cmd = exec.Command(path, args...)
	said, err := os.Create(p.said)
	must(b, err)
	defer said.Close()
	p.cmd.Stdout, p.cmd.Stderr = said, said
	p.cmd.Env = append(os.Environ(), "GODEBUG=", "GOGC=", "GOMEMLIMIT=")
	must(b, p.cmd.Start())
	b.Cleanup(p.stop)
	return p
}

// startApp starts Bandstand on a scene, for somebody who has this cookie.
func startApp(b *testing.B, bin binaries, s scene, cookie string) *process {
	b.Helper()
	p := start(b, bin.app, "serve", "--data", s.dir, "--listen", "{addr}")
	p.cookie = cookie
	p.ready("/healthz", time.Now())
	return p
}

func (p *process) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// lastWords are the last lines that the process wrote.
func (p *process) lastWords() string {
	said, err := os.ReadFile(p.said)
	must(p.b, err)
	return string(said[max(0, len(said)-2000):])
}

// ready waits for the first 200 of a path and returns how long that took since
// begin.
func (p *process) ready(path string, begin time.Time) time.Duration {
	p.b.Helper()
	again := time.NewTicker(200 * time.Microsecond)
	defer again.Stop()
	tooLong := time.After(30 * time.Second)
	for p.get(path) != http.StatusOK {
		select {
		case <-again.C:
		case <-tooLong:
			p.b.Fatalf("no answer to %s from %s\n%s", path, p.cmd.Path, p.lastWords())
		}
	}
	return time.Since(begin)
}

// get asks once on a connection of its own.
func (p *process) get(path string) int {
	c, err := p.dial()
	if err != nil {
		return 0
	}
	defer c.Close()
	a, err := c.do(request{method: http.MethodGet, path: path})
	if err != nil {
		return 0
	}
	return a.status
}

// signIn signs in by the form, as people do.
func (p *process) signIn() {
	p.b.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm("http://"+p.addr+"/sign-in", url.Values{"email": {email}, "password": {thePassword}})
	must(p.b, err)
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		p.cookie = c.Name + "=" + c.Value
	}
	if resp.StatusCode != http.StatusSeeOther || p.cookie == "" {
		p.b.Fatalf("sign-in: %s\n%s", resp.Status, p.lastWords())
	}
}

// cpu is the processor time the process has used so far.
func (p *process) cpu() time.Duration {
	var t unix.Timespec
	// The clock of another process: CPUCLOCK_SCHED of its id, as in
	// clock_getcpuclockid(3).
	must(p.b, unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|2), &t))
	return time.Duration(t.Nano())
}

// memory reads a line of /proc/<pid>/status, in bytes: VmRSS, VmHWM.
func (p *process) memory(line string) int64 {
	p.b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	must(p.b, err)
	for l := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			must(p.b, err)
			return kb << 10
		}
	}
	p.b.Fatalf("no %s in the status of %s", line, p.cmd.Path)
	return 0
}

// dial opens a connection for one client.
func (p *process) dial() (*client, error) {
	c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.addr)
	if err != nil {
		return nil, err
	}
	return newClient(c, p.addr, p.cookie), nil
}
