package handlers

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// TestWrongPasswordsThroughAForgottenProxyLockNobodyElseOut: behind a proxy of
// this computer that nobody named, all visitors have one address. Twenty wrong
// passwords of one of them once locked out all.
func TestWrongPasswordsThroughAForgottenProxyLockNobodyElseOut(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	const attacker = "203.0.113.66"
	for i := range web.MaxAddressTries {
		s.visitor().from(attacker, credentials(fmt.Sprintf("somebody%d@riverside.example", i), "wrong")).want(http.StatusUnprocessableEntity)
	}
	s.visitor().from(attacker, credentials(s.emailOf(club.Writer), goodPassword)).want(http.StatusTooManyRequests)
	// Whatever stands left of what the proxy added, somebody made up.
	s.visitor().from("198.51.100.9, "+attacker, credentials(s.emailOf(club.Writer), goodPassword)).want(http.StatusTooManyRequests)
	for _, other := range []string{"203.0.113.67", attacker + ", 203.0.113.68", "2001:db8::7", "unknown"} {
		s.visitor().from(other, credentials(s.emailOf(club.Writer), goodPassword)).to("/calendar")
	}
	s.visit(club.Publisher) // who comes without a proxy, too
	// From another computer, nothing that is made up counts.
	var last int
	for i := range web.MaxAddressTries + 1 {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in", strings.NewReader(credentials(fmt.Sprintf("nobody%d@riverside.example", i), "wrong").Encode()))
		r.RemoteAddr = "198.51.100.200:4711"
		r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}, "X-Forwarded-For": {fmt.Sprintf("203.0.113.%d", i)}}
		w := httptest.NewRecorder()
		s.server.ServeHTTP(w, r)
		last = w.Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("somebody with many made-up addresses is answered %d", last)
	}
	if n := s.count(`SELECT count(*) FROM audit WHERE action = 'signin_failed' AND origin NOT IN ('127.0.0.1', '198.51.100.200')`); n != 0 {
		t.Errorf("%d lines of the record believe what nobody trusted said", n)
	}
}

// TestAProxyThatIsNotTrustedIsSaidOnce in the log, and on the status page; what
// anybody in the internet can make up does not hide it, and is no alarm.
func TestAProxyThatIsNotTrustedIsSaidOnce(t *testing.T) {
	t.Parallel()
	log := &logBook{}
	s, _ := newDoor(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
	maeve := s.visit(club.Admin)
	maeve.get("/settings/status").says("Told apart").saysNot("--trusted-proxies")
	ask := func(peer string, header ...string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sign-in", nil)
		r.RemoteAddr = net.JoinHostPort(peer, "4711")
		if header != nil {
			r.Header["X-Forwarded-For"] = header
		}
		s.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	warnings := func() int { return strings.Count(log.String(), "level=WARN msg=\"requests are passed on") }
	ask("172.17.0.3")
	if n := warnings(); n != 0 {
		t.Errorf("%d warnings without a header", n)
	}
	for range 3 {
		ask("203.0.113.7", "198.51.100.9")
	}
	page := maeve.get("/settings/status").says("A request from 203.0.113.7", "--trusted-proxies 203.0.113.7/32")
	if n := page.doc().Find("#network ~ dl dd[data-trouble]").Length(); n != 0 {
		t.Error("what anybody can make up is an alarm")
	}
	for range 3 {
		ask("::ffff:172.17.0.3", "198.51.100.9")
		ask("10.0.0.9", "198.51.100.9")
	}
	page = maeve.get("/settings/status").says("A request from 172.17.0.3", "--trusted-proxies 172.17.0.3/32")
	if n := page.doc().Find("#network ~ dl dd[data-trouble]").Length(); n != 1 {
		t.Error("a proxy in the own network that is not trusted is not marked")
	}
	if n := warnings(); n != 2 {
		t.Errorf("%d warnings, want one for the internet and one for the own network:\n%s", n, log)
	}

	trusting, _ := newDoor(t, behindProxy)
	trusting.visitor().from("203.0.113.7", credentials(trusting.emailOf(club.Admin), goodPassword)).to("/calendar")
	trusting.visit(club.Admin).get("/settings/status").says("Told apart")
}

// TestTheOwnAddressComesFromTheSettings: no header and no Host changes what we
// call ourselves, in links, redirects, cookies and at platforms; a listed proxy
// cannot, either.
func TestTheOwnAddressComesFromTheSettings(t *testing.T) {
	t.Parallel()
	said := http.Header{
		"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Port": {"444"}, "X-Forwarded-Server": {"evil.example"},
		"X-Forwarded-Scheme": {"https"}, "X-Forwarded-Ssl": {"on"}, "X-Forwarded-Prefix": {"/evil"}, "X-Original-Host": {"evil.example"},
		"X-Host": {"evil.example"}, "X-Original-Url": {"/evil"}, "X-Rewrite-Url": {"/evil"}, "X-Http-Method-Override": {"DELETE"},
		"Forwarded": {"for=203.0.113.7;host=evil.example;proto=https"}, "X-Forwarded-For": {"203.0.113.7"},
		"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/x-www-form-urlencoded"},
	}
	for _, base := range []string{"http://127.0.0.1:8080", "https://post.club.example"} {
		for name, change := range map[string]func(*Config){"nobody is listed": func(*Config) {}, "a listed proxy": behindProxy} {
			t.Run(base+", "+name, func(t *testing.T) {
				t.Parallel()
				st := newStage(t, change, func(c *Config) {
					c.BaseURL = parse(t, base)
				})
				b := st.as(club.Admin)
				send := func(method, path string, form url.Values) *answer {
					t.Helper()
					req, err := http.NewRequestWithContext(t.Context(), method, st.web.URL+path, strings.NewReader(form.Encode()))
					if err != nil {
						t.Fatal(err)
					}
					req.Header, req.Host = said.Clone(), "evil.example"
					a := b.send(req)
					for k, vs := range a.Header {
						if strings.Contains(strings.Join(vs, " "), "evil") {
							t.Errorf("%s: %s is %v", a.what, k, vs)
						}
					}
					if strings.Contains(a.body, "evil") {
						t.Errorf("%s names the host that was made up", a.what)
					}
					return a
				}
				link := send(http.MethodPost, "/settings/invitations", url.Values{"email": {"new@riverside.example"}, "role": {"writer"}}).doc().Find("#new-link").AttrOr("value", "")
				if !strings.HasPrefix(link, base+"/invitations/") {
					t.Errorf("the invitation is %s", link)
				}
				link = send(http.MethodPost, st.memberPath(club.Writer, "sign-in-link"), nil).doc().Find("#new-link").AttrOr("value", "")
				if !strings.HasPrefix(link, base+"/sign-in/link/") {
					t.Errorf("the link that sets a password is %s", link)
				}
				st.setUp("x")
				st.goLive()
				at := parse(t, send(http.MethodPost, "/accounts/connect/x", nil).want(http.StatusSeeOther).Header.Get("Location"))
				if got := at.Query().Get("redirect_uri"); got != base+"/oauth/x/callback" {
					t.Errorf("the platform is to lead back to %s", got)
				}
				send(http.MethodGet, "/", nil).to("/calendar")
				send(http.MethodGet, "/settings/platforms/x", nil).want(http.StatusOK)
				b = st.as("")
				send(http.MethodGet, "/calendar", nil).to("/sign-in?to=%2Fcalendar")
				for _, c := range send(http.MethodGet, "/oauth/x/callback?state=1", nil).want(http.StatusSeeOther).Cookies() {
					if c.Domain != "" || c.Secure != strings.HasPrefix(base, "https") {
						t.Errorf("the cookie is %s", c)
					}
				}
			})
		}
	}
}

// TestTheAuditLogSaysFromWhere, as far as it is known.
func TestTheAuditLogSaysFromWhere(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){"127.0.0.1": func(*Config) {}, "203.0.113.7": behindProxy} {
		s, _ := newDoor(t, change)
		s.visitor().from("198.51.100.9, 203.0.113.7", credentials(s.emailOf(club.Writer), goodPassword)).to("/calendar")
		var origin string
		err := s.db.Reader().QueryRowContext(t.Context(), `SELECT origin FROM audit WHERE action = 'signed_in'`).Scan(&origin)
		if err != nil || origin != want {
			t.Errorf("signed in from %s (%v), want %s", origin, err, want)
		}
	}
}

// TestRequestsThatMeanTwoThings: what proxies and servers may read differently
// is refused, or ends the connection, and nothing of it is carried out.
func TestRequestsThatMeanTwoThings(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	token := s.visit(club.Viewer).cookie()
	const body = "name=Smuggled"
	tests := []struct {
		name, head, body string
		want             string // status, "" for any refusal
	}{
		{"two lengths", "Content-Length: 13\r\nContent-Length: 5\r\n", body, "400"},
		{"a length with a sign", "Content-Length: +13\r\n", body, "400"},
		{"a length in hex", "Content-Length: 0xd\r\n", body, "400"},
		{"lengths in a list", "Content-Length: 13, 5\r\n", body, "400"},
		{"a transfer coding nobody knows", "Transfer-Encoding: xchunked\r\n", body, "501"},
		{"two transfer codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", body, "501"},
		{"chunked, and something", "Transfer-Encoding: chunked, identity\r\n", body, "501"},
		{"a chunk without a length", "Transfer-Encoding: chunked\r\n", "name=Smuggled\r\n0\r\n\r\n", "422"},
		{"a chunk longer than it says", "Transfer-Encoding: chunked\r\n", "3\r\n" + body + "\r\n0\r\n\r\n", "422"},
		{"a space before the colon", "Content-Length : 13\r\n", body, "400"},
		{"a line that goes on", "X-A: b\r\n Content-Length: 13\r\n", body, ""},
		{"a bare carriage return in a header", "X-A: b\rX-C: d\r\nContent-Length: 13\r\n", body, "400"},
		{"a NUL in a header", "X-A: b\x00c\r\nContent-Length: 13\r\n", body, "400"},
		{"a header without a name", ": x\r\nContent-Length: 13\r\n", body, "400"},
		{"two hosts", "Host: evil.example\r\nContent-Length: 13\r\n", body, "400"},
		{"the right one, to see that it works", "Content-Length: 13\r\n", body, "303"},
	}
	for _, tt := range tests {
		before := s.person(s.persons[club.Viewer].ID).Name
		request := "POST /profile HTTP/1.1\r\nHost: " + s.web.Listener.Addr().String() + "\r\nCookie: bandstand=" + token +
			"\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n" + tt.head + "\r\n" + tt.body
		status := s.raw(request)
		after := s.person(s.persons[club.Viewer].ID).Name
		switch {
		case tt.want == "303":
			if status != tt.want || after != "Smuggled" {
				t.Errorf("%s: answered %s, the name is %s", tt.name, status, after)
			}
		case after != before:
			t.Errorf("%s: was carried out, answered %s", tt.name, status)
		case tt.want != "" && status != tt.want:
			t.Errorf("%s: answered %q, want %s", tt.name, status, tt.want)
		}
	}
	for name, line := range map[string]string{
		"no host": "GET /sign-in HTTP/1.1\r\n\r\n", "a host that is none": "GET /sign-in HTTP/1.1\r\nHost: a b\r\n\r\n",
		"another version": "GET /sign-in HTTP/3.7\r\nHost: x\r\n\r\n", "an address with a space": "GET /sign in HTTP/1.1\r\nHost: x\r\n\r\n",
		"a method that is none": "G(T /sign-in HTTP/1.1\r\nHost: x\r\n\r\n", "no HTTP at all": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"a tunnel": "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
	} {
		if status := s.raw(line); status == "200" || status == "303" {
			t.Errorf("%s: answered %s", name, status)
		}
	}
	// An address in full is ours, whatever it says.
	if status := s.raw("GET http://evil.example/sign-in HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"); status != "200" {
		t.Errorf("an address in full: answered %s", status)
	}
}

// raw sends bytes, and no more after them, and returns the status of the answer,
// "" if there is none.
func (s *scene) raw(request string) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.web.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		return ""
	}
	// The side to write on stays open: closing it takes the request back.
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	var version, status string
	if _, err := fmt.Sscan(answer, &version, &status); err != nil {
		return ""
	}
	return status
}
