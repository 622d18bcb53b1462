package web

import (
	"net"
	"net/http"
	"net/netip"
	"testing"
)

// TestWhereARequestComesFrom is rule W7: what others say of an address counts
// only as far as listed proxies pass it on.
func TestWhereARequestComesFrom(t *testing.T) {
	t.Parallel()
	const visitor, made = "203.0.113.7", "198.51.100.9"
	tests := []struct {
		name    string
		listed  string
		peer    string
		forward []string // X-Forwarded-For, one a header line
		want    string
	}{
		{"nobody is listed", "", visitor, []string{made}, visitor},
		{"nobody is listed, from this computer", "", "127.0.0.1", []string{made}, "127.0.0.1"},
		{"nobody is listed, from the own network", "", "10.0.0.3", []string{made}, "10.0.0.3"},
		{"the peer is not listed", "10.0.0.0/8", visitor, []string{made}, visitor},
		{"private, but not listed", "10.0.0.0/8", "192.168.1.1", []string{made}, "192.168.1.1"},
		{"loopback, but not listed", "10.0.0.0/8", "127.0.0.1", []string{made}, "127.0.0.1"},
		{"link-local, but not listed", "10.0.0.0/8", "169.254.1.1", []string{made}, "169.254.1.1"},
		{"listed", "10.0.0.0/8", "10.0.0.3", []string{visitor}, visitor},
		{"listed, and it says nothing", "10.0.0.0/8", "10.0.0.3", nil, "10.0.0.3"},
		{"the visitor says something, too", "10.0.0.0/8", "10.0.0.3", []string{made + ", " + visitor}, visitor},
		{"in a line of its own", "10.0.0.0/8", "10.0.0.3", []string{made, visitor}, visitor},
		{"the visitor pretends to be a listed proxy", "10.0.0.0/8", "10.0.0.3", []string{made + ", 10.0.0.9, " + visitor}, visitor},
		{"two proxies in a row", "10.0.0.0/8", "10.0.0.3", []string{visitor + ", 10.0.0.4"}, visitor},
		{"two proxies, and something made up", "10.0.0.0/8", "10.0.0.3", []string{made + "," + visitor + ",10.0.0.4"}, visitor},
		{"the second proxy is not listed", "10.0.0.3/32", "10.0.0.3", []string{visitor + ", 10.0.0.4"}, "10.0.0.4"},
		{"from inside", "10.0.0.0/8", "10.0.0.3", []string{"10.0.0.77"}, "10.0.0.77"},
		{"IPv6", "fd00::/8", "fd00::1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets", "fd00::/8", "fd00::1", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv4 in the dress of IPv6", "10.0.0.0/8", "::ffff:10.0.0.3", []string{visitor}, visitor},
		{"no address", "10.0.0.0/8", "10.0.0.3", []string{"unknown"}, "10.0.0.3"},
		{"a name", "10.0.0.0/8", "10.0.0.3", []string{"localhost"}, "10.0.0.3"},
		{"nothing between commas", "10.0.0.0/8", "10.0.0.3", []string{visitor + ",,"}, "10.0.0.3"},
		{"empty", "10.0.0.0/8", "10.0.0.3", []string{""}, "10.0.0.3"},
		{"with a port", "10.0.0.0/8", "10.0.0.3", []string{visitor + ":4711"}, "10.0.0.3"},
		{"line of a log", "10.0.0.0/8", "10.0.0.3", []string{"1.2.3.4 admin signed in"}, "10.0.0.3"},
		{"rubbish left of the visitor", "10.0.0.0/8", "10.0.0.3", []string{"<script>, " + visitor}, visitor},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var listed []netip.Prefix
			if tt.listed != "" {
				listed = append(listed, netip.MustParsePrefix(tt.listed))
			}
			r := &http.Request{RemoteAddr: net.JoinHostPort(tt.peer, "4711"), Header: http.Header{
				"X-Real-Ip": {made}, "Forwarded": {"for=" + made}, "True-Client-Ip": {made}, "Cf-Connecting-Ip": {made}, "X-Client-Ip": {made},
			}}
			if tt.forward != nil {
				r.Header["X-Forwarded-For"] = tt.forward
			}
			if got := ipExtractor(listed)(r); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
