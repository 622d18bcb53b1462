package safehttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// inside is where names of the table lead.
var inside = zone{
	"inside.test": "127.0.0.1", "*.inside.test": "127.0.0.1", "private.test": "10.0.0.1", "metadata.test": "169.254.169.254", "six.test": "::1",
	"mapped.test": "::ffff:127.0.0.1", "nat64.test": "64:ff9b::7f00:1", "local6.test": "fd00::1", "zero.test": "0.0.0.0", "both.test": "127.0.0.1 ::1",
	"many.test": "10.0.0.1 172.16.0.1 192.168.0.1", "own.test": "127.0.1.1", "127.0.0.1.nip.test": "127.0.0.1",
	// What the resolvers of other systems make of numbers and other digits.
	"127.1": "127.0.0.1", "127.0.1": "127.0.0.1", "0": "0.0.0.0", "2130706433": "127.0.0.1", "0x7f000001": "127.0.0.1", "017700000001": "127.0.0.1",
	"0x7f.0x0.0x0.0x1": "127.0.0.1", "0x7f.1": "127.0.0.1", "0177.0.0.1": "127.0.0.1", "0177.0.0.01": "127.0.0.1", "00000177.0.0.1": "127.0.0.1", "127.000.000.001": "127.0.0.1",
	"127.0.0.0x1": "127.0.0.1", "0x7f.0.1": "127.0.0.1", "3232235777": "192.168.1.1", "2852039166": "169.254.169.254", "0xa9fea9fe": "169.254.169.254",
	"0251.0376.0251.0376": "169.254.169.254", "4294967297": "0.0.0.1", "127.0.0.1": "127.0.0.1",
}

// asked is one line of the table: an address and how it is refused.
type asked struct{ address, want, what string }

var refusals = map[string]error{"address": ErrAddress, "port": ErrPort, "scheme": ErrScheme}

func readTable(t *testing.T) []asked {
	t.Helper()
	b, err := os.ReadFile("testdata/ssrf.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []asked
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) < 3 {
			t.Fatalf("not three columns: %q", line)
		}
		address, err := strconv.Unquote(`"` + f[0] + `"`)
		if err != nil {
			t.Fatalf("%s: %v", f[0], err)
		}
		if _, known := refusals[f[1]]; !known && f[1] != "refused" && f[1] != "offline" {
			t.Fatalf("%s is refused as %q", f[0], f[1])
		}
		out = append(out, asked{address, f[1], strings.Join(f[2:], " ")})
	}
	if len(out) < 150 {
		t.Fatalf("%d lines, want at least 150", len(out))
	}
	return out
}

// TestNothingReachesTheCanary is T-SSRF: whatever is asked of either client,
// not a byte arrives on any address of this computer.
func TestNothingReachesTheCanary(t *testing.T) {
	t.Parallel()
	ips := []string{"127.0.0.1", "127.0.0.2", "::1"}
	if own, err := net.InterfaceAddrs(); err == nil {
		for _, a := range own {
			if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil && n.IP.IsPrivate() {
				ips = append(ips, n.IP.String())
			}
		}
	}
	var canaries []*canary
	for _, ip := range ips {
		if c := newCanary(t, ip, "0"); c != nil {
			canaries = append(canaries, c)
		}
	}
	s := Settings{UserAgent: "Bandstand/test", resolver: inside.resolver()}
	untrusted, platform := NewUntrusted(s), Platform(s)
	wanted := Want{Types: []string{"text/html"}, MaxBytes: 100}
	for _, row := range readTable(t) {
		for i, c := range canaries {
			if i > 0 && !strings.Contains(row.address, "{canary}") {
				continue
			}
			_, port, _ := net.SplitHostPort(c.addr)
			address := strings.NewReplacer("{canary}", c.addr, "{port}", port).Replace(row.address)
			_, err := untrusted.Get(t.Context(), address, wanted)
			switch want := refusals[row.want]; {
			case err == nil:
				t.Errorf("%q (%s) was read", address, row.what)
			case want != nil && !errors.Is(err, want):
				t.Errorf("%q (%s): %v, want %v", address, row.what, err, want)
			}
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("token"))
				if err != nil {
					continue
				}
				if resp, err := platform.Do(req); err == nil {
					_ = resp.Body.Close()
					t.Errorf("the platform client reached %q (%s)", address, row.what)
				}
			}
			c.silent(t, address)
		}
	}
	// The proof that what listens would have noticed.
	for _, c := range canaries {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if c.connections.Load() != 1 || c.bytes.Load() == 0 {
			t.Errorf("%s notices nothing: %d connections, %d bytes", c.addr, c.connections.Load(), c.bytes.Load())
		}
	}
}

// TestProxiesOfTheEnvironmentAreNotUsed: behind one, the dialler would see the
// proxy's address alone (rule O3).
func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	t.Parallel()
	const child = "SAFEHTTP_TEST_BEHIND_A_PROXY"
	if os.Getenv(child) == "" {
		// net/http reads the environment once in the life of a program.
		proxy := newCanary(t, outsideIP, "0")
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"=1", "NO_PROXY=", "no_proxy=")
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
			cmd.Env = append(cmd.Env, name+"=http://"+proxy.addr, strings.ToLower(name)+"=http://"+proxy.addr)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		proxy.silent(t, "everything")
		return
	}
	s := allowed(inside) // the proxy could be dialled
	untrusted, platform := NewUntrusted(s), Platform(s)
	for _, address := range []string{"https://10.0.0.1/", "http://10.0.0.1/", "https://private.test/", "http://private.test/", "https://127.0.0.1/"} {
		if _, err := untrusted.Get(t.Context(), address, Want{Types: []string{"text/html"}, MaxBytes: 100}); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v, want %v", address, err, ErrAddress)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := platform.Do(req); !errors.Is(err, ErrAddress) {
			t.Errorf("the platform client, %s: %v, want %v", address, err, ErrAddress)
			if err == nil {
				_ = resp.Body.Close()
			}
		}
	}
}

// TestRedirectsLeadNowhereInside: a page that may be read points inside in every
// way there is.
func TestRedirectsLeadNowhereInside(t *testing.T) {
	t.Parallel()
	c := newCanary(t, "127.0.0.1", "0")
	_, port, _ := net.SplitHostPort(c.addr)
	var to string
	var code int
	page := outside(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.Header().Set("Refresh", "0; url=http://"+c.addr)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprintf(w, `<meta http-equiv="refresh" content="0; url=http://%s">`, c.addr)
	}))
	s := allowed(inside)
	untrusted, platform := NewUntrusted(s), Platform(s)
	for _, code = range []int{200, 201, 300, 301, 302, 303, 304, 305, 307, 308} {
		for _, to = range []string{
			"http://" + c.addr + "/", "https://" + c.addr + "/", "//" + c.addr + "/", "http://inside.test:" + port + "/", "https://inside.test:" + port,
			"http://2130706433:" + port, "http://[::ffff:127.0.0.1]:" + port + "/", "http://a@" + c.addr, "file:///etc/passwd", "gopher://" + c.addr, "", "https://1.1.1.1:22/",
		} {
			what := fmt.Sprintf("%d to %q", code, to)
			d, err := untrusted.Get(t.Context(), page.URL, Want{Types: []string{"text/html"}, MaxBytes: 1000})
			if err == nil && (code != http.StatusOK || d.URL.Host != strings.TrimPrefix(page.URL, "http://")) {
				t.Errorf("%s was followed to %v", what, d.URL)
			}
			if err != nil && strings.Contains(err.Error(), "passwd") {
				t.Errorf("%s: the error tells the address: %v", what, err)
			}
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				req, err := http.NewRequestWithContext(t.Context(), method, page.URL, strings.NewReader("token"))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := platform.Do(req)
				if err != nil {
					t.Errorf("%s %s is no answer: %v", method, what, err)
					continue
				}
				if _ = resp.Body.Close(); resp.StatusCode != code {
					t.Errorf("%s %s was followed: status %d", method, what, resp.StatusCode)
				}
			}
			c.silent(t, what)
		}
	}
}

// TestNamesThatChangeTheirMind: what a name led to when it was looked at counts
// for nothing; what is dialled does.
func TestNamesThatChangeTheirMind(t *testing.T) {
	t.Parallel()
	page := outside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/again" {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
			return
		}
		fmt.Fprint(w, "outside")
	}))
	_, port, _ := net.SplitHostPort(page.Listener.Addr().String())
	// On the same port: only the address tells them from the page.
	var canaries []*canary
	for _, ip := range []string{"127.0.0.1", "::1"} {
		if c := newCanary(t, ip, port); c != nil {
			canaries = append(canaries, c)
		}
	}
	names := func() zone {
		return zone{
			"rebinds.test": outsideIP + "|127.0.0.1", "mixed.test": "127.0.0.1 10.0.0.1 " + outsideIP, "sixfirst.test": "::1 " + outsideIP, "plain.test": outsideIP, "inside.test": "127.0.0.1",
		}
	}
	for _, tt := range []struct {
		first, then string
		ok          bool
	}{
		{"rebinds.test", "rebinds.test", false},
		{"mixed.test", "", true},
		{"sixfirst.test", "", true},
		{"plain.test", "", true},
		{"inside.test", "", false},
	} {
		s := allowed(names())
		// Plain http is for addresses of allowed networks alone; names are read by
		// the client below the untrusted one, which has the same dialler.
		client := NewUntrusted(s).client
		client.CheckRedirect = nil
		get := func(name, path string) (string, error) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+name+":"+port+path, nil)
			if err != nil {
				return "", err
			}
			resp, err := client.Do(req)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			b := make([]byte, 10)
			n, _ := resp.Body.Read(b)
			return string(b[:n]), nil
		}
		path := "/"
		if tt.then != "" {
			path = "/again"
		}
		got, err := get(tt.first, path)
		if tt.ok && (err != nil || got != "outside") {
			t.Errorf("%s: %q, %v", tt.first, got, err)
		}
		if !tt.ok && !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %q, %v; want %v", tt.first, got, err, ErrAddress)
		}
		for _, c := range canaries {
			c.silent(t, tt.first)
		}
	}
}
