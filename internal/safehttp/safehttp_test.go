package safehttp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

// T-SSRF, first half: every address family and notation that leads inside.
func TestIsPublic(t *testing.T) {
	t.Parallel()
	inside := strings.Fields(`
		0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.128.3.4 10.255.255.255
		100.64.0.0 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.0 127.0.0.1 127.0.1.1 127.1.2.3 127.255.255.255
		169.254.0.0 169.254.1.1 169.254.169.254 169.254.170.2 169.254.255.255
		172.16.0.0 172.16.0.1 172.17.0.1 172.20.10.1 172.31.255.255
		192.0.0.0 192.0.0.8 192.0.0.170 192.0.0.255 192.0.2.0 192.0.2.1 192.0.2.255
		192.31.196.1 192.52.193.1 192.88.99.1 192.88.99.2 192.168.0.0 192.168.0.1 192.168.1.1 192.168.178.1 192.168.255.255 192.175.48.1
		198.18.0.0 198.18.0.1 198.19.255.255 198.51.100.0 198.51.100.7 203.0.113.0 203.0.113.255
		224.0.0.0 224.0.0.1 224.0.0.251 232.1.1.1 239.255.255.250 239.255.255.255 240.0.0.0 240.0.0.1 250.1.2.3 255.255.255.254 255.255.255.255
		:: ::1 ::2 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:192.168.1.1 ::ffff:0:127.0.0.1 ::127.0.0.1 ::10.0.0.1
		64:ff9b::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 64:ff9b:1:ffff::127.0.0.1 100::1 100:0:0:1::1
		2001::1 2001:0:53aa:64c:0:fbff:80ff:fffe 2001:1::1 2001:2::1 2001:3::1 2001:10::1 2001:20::1 2001:1ff:ffff::1
		2001:db8::1 2001:db8:ffff::1 2002:: 2002:7f00:1::1 2002:a00:1::1 2002:c0a8:101::1 2002:a9fe:a9fe::1 2620:4f:8000::1 3fff::1 3fff:fff::1
		4000::1 5f00::1 8000::1 c000::1 fc00::1 fd00::1 fd00:ec2::254 fd12:3456:789a::1 fdff::1
		fe80::1 fe80::a00:27ff:fe4e:66a1 fe80::1%eth0 febf::1 fec0::1 feff::1 ff00::1 ff01::1 ff02::1 ff02::fb ff05::2 ff0e::1 ffff::1
		2606:4700::1%lo 1::1 0:0:1::1`)
	outside := strings.Fields(`
		1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
		172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
		203.0.112.255 203.0.114.0 223.255.255.255 2606:4700::1 2a00:1450:4001::1 2001:200::1 2001:4860:4860::8888 2620:4f:8001::1 2003::1 3ffe::1`)
	if len(inside) < 120 {
		t.Fatalf("%d addresses, want at least 120", len(inside))
	}
	for _, s := range inside {
		if isPublic(netip.MustParseAddr(s).Unmap()) {
			t.Errorf("%s counts as public", s)
		}
	}
	for _, s := range outside {
		if !isPublic(netip.MustParseAddr(s).Unmap()) {
			t.Errorf("%s does not count as public", s)
		}
	}
}

func TestMayDial(t *testing.T) {
	t.Parallel()
	s := Settings{Exceptions: prefixes("10.1.0.0/16", "::1/128")}
	tests := []struct {
		network, address string
		plain            bool
		want             error
	}{
		{"tcp4", "1.1.1.1:443", false, nil},
		{"tcp4", "1.1.1.1:80", false, ErrPort},
		{"tcp4", "1.1.1.1:25", false, ErrPort},
		{"tcp4", "1.1.1.1:443", true, ErrPlain},
		{"tcp4", "1.1.1.1:80", true, ErrPlain},
		{"tcp6", "[2606:4700::1]:443", false, nil},
		{"tcp6", "[::ffff:127.0.0.1]:443", false, ErrAddress},
		{"tcp6", "[fe80::1%eth0]:443", false, ErrAddress},
		{"tcp4", "10.1.2.3:8080", true, nil},
		{"tcp6", "[::ffff:10.1.2.3]:8080", true, nil},
		{"tcp4", "10.2.2.3:443", false, ErrAddress},
		{"tcp6", "[::1]:9000", false, nil},
		{"udp4", "1.1.1.1:443", false, ErrAddress},
		{"unix", "/run/docker.sock", false, ErrAddress},
	}
	for _, tt := range tests {
		if err := s.mayDial(tt.network, tt.address, tt.plain); !errors.Is(err, tt.want) {
			t.Errorf("mayDial(%s, %s, plain %v) = %v, want %v", tt.network, tt.address, tt.plain, err, tt.want)
		}
	}
}

func TestPlatformClientDoesNotFollow(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(srv.Close)
	client := Platform(Settings{Exceptions: prefixes("127.0.0.0/8", "::1/128")})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusTemporaryRedirect || calls.Load() != 1 {
		t.Errorf("status %d after %d calls, want 307 after 1", resp.StatusCode, calls.Load())
	}
}

func TestPlatformClientNeverRepeats(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1); r.URL.Path == "/reset" {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}
	}))
	t.Cleanup(srv.Close)
	client := Platform(Settings{Exceptions: prefixes("127.0.0.0/8", "::1/128")})
	for i, path := range []string{"/", "/reset"} {
		// With this header net/http takes a POST for one that may be repeated.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", "k")
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
		}
		if got := calls.Load(); got != int32(i+1) {
			t.Errorf("after %s the server saw %d calls, want %d", path, got, i+1)
		}
	}
}

func TestParseExceptions(t *testing.T) {
	t.Parallel()
	got, err := ParseExceptions([]string{" 10.1.2.3/16", "127.0.0.1", "", "fd00::/8"})
	if err != nil || len(got) != 3 || got[0].String() != "10.1.0.0/16" || got[1].String() != "127.0.0.1/32" {
		t.Errorf("ParseExceptions = %v, %v", got, err)
	}
	_, err = ParseExceptions([]string{"10.0.0.0/33", "everything", "::ffff:10.0.0.0/104"})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("ParseExceptions = %v, want three faults together", err)
	}
}
