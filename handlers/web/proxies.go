package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/labstack/echo/v4"
)

// proxies notices who passes requests on without being trusted to. All visitors
// who come that way have one address.
type proxies struct {
	trusted   []netip.Prefix
	untrusted atomic.Pointer[netip.Addr] // one that passes requests on all the same
}

// claimKey holds the address, as text, that this computer's own proxy names as
// the visitor's, where nobody said that it is to be trusted.
const claimKey = "claim"

// notice looks at who a request comes from and, if it was passed on by somebody
// who is not trusted, says so once: in the log, and on the status page.
func (app *App) notice(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		peer, ok := peerOf(r)
		if !ok || r.Header.Get(echo.HeaderXForwardedFor) == "" || app.proxies.trusts(peer) {
			return next(c)
		}
		if peer.IsLoopback() {
			c.Set(claimKey, lastOf(r.Header.Values(echo.HeaderXForwardedFor)))
		}
		if app.proxies.remember(peer) {
			app.Log.WarnContext(r.Context(), "requests are passed on by an address that is not trusted: if it is your reverse proxy, all visitors look like one; name it",
				"address", peer, "setting", "--trusted-proxies "+one(peer))
		}
		return next(c)
	}
}

// Proxy is one that passes requests on without being trusted to.
type Proxy struct {
	Address, Network string // network is the address as the setting wants it
	Near             bool   // of this computer or the own network
}

// UntrustedProxy returns who passes requests on without being trusted to, if
// somebody does.
func (app *App) UntrustedProxy() (p Proxy, found bool) {
	a := app.proxies.untrusted.Load()
	if a == nil {
		return p, false
	}
	return Proxy{a.String(), one(*a), near(*a)}, true
}

// trusts reports whether what an address says of others counts.
func (p *proxies) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p.trusted, func(n netip.Prefix) bool { return n.Contains(a) })
}

// remember keeps who passed a request on, and reports whether that is news: it
// is the first, or the first of the own network, where proxies are, after one of
// the internet, where anybody can make up a header.
func (p *proxies) remember(a netip.Addr) bool {
	for {
		known := p.untrusted.Load()
		if known != nil && (near(*known) || !near(a)) {
			return false
		}
		if p.untrusted.CompareAndSwap(known, &a) {
			return true
		}
	}
}

// near reports whether an address is of this computer or the own network.
func near(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }

// one is the network of one address, as the setting wants it.
func one(a netip.Addr) string { return netip.PrefixFrom(a, a.BitLen()).String() }

// peerOf is who a request comes from.
func peerOf(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(host)
	return a.Unmap().WithZone(""), err == nil
}

// lastOf is the last address of X-Forwarded-For, the one that the nearest proxy
// added; empty if it is none.
func lastOf(lines []string) string {
	all := strings.Split(strings.Join(lines, ","), ",")
	last := strings.Trim(strings.TrimSpace(all[len(all)-1]), "[]")
	if _, err := netip.ParseAddr(last); err != nil {
		return ""
	}
	return last
}

// TriesFrom returns where tries to guess something are counted for. A proxy of
// this computer that nobody named must not make all visitors one: what one of them
// does would keep out the rest.
func TriesFrom(c echo.Context) string {
	if claim, ok := c.Get(claimKey).(string); ok {
		return "claimed " + Network(claim)
	}
	return Network(c.RealIP())
}
