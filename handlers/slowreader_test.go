package handlers

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// narrow accepts connections that take little before somebody reads it.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetWriteBuffer(1)
}

// TestWhoNeverReadsKeepsNobodyFromAPage: visitors who ask for heavy pages and
// then read nothing once kept all places for as long as they liked.
func TestWhoNeverReadsKeepsNobodyFromAPage(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for range 400 { // the table, too, is more than a connection takes
		g.post(g.own)
	}
	web := httptest.NewUnstartedServer(g.server)
	web.Listener = narrow{web.Listener}
	web.Start()
	t.Cleanup(web.Close)
	token := g.as(club.Viewer).cookie()
	_, places := g.server.HeavyPages()
	for _, path := range []string{"/calendar", "/results", "/calendar?view=list"} {
		for range places {
			conn, err := net.Dial("tcp", web.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			if err := conn.(*net.TCPConn).SetReadBuffer(1); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\nCookie: bandstand="+token+"\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			// The first byte is here: the rest is being sent, and stuck.
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if n, _ := g.server.HeavyPages(); n != 0 {
			t.Fatalf("%s: %d places are held by who does not read", path, n)
		}
		g.as(club.Writer).get(path).want(http.StatusOK)
	}
}
