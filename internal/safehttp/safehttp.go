// Package safehttp makes the only two HTTP clients of Bandstand (rule O1): one
// for platforms, one for addresses that people or pages name. Both look at the
// IP address that is really dialled, so that no name, redirect or changed DNS
// answer leads into the operator's own network. It knows nothing of what is
// fetched.
package safehttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Time limits of a connection. How long a whole call may
// take is said by the caller's context.
const (
	connectTimeout = 10 * time.Second
	tlsTimeout     = 10 * time.Second
	headerTimeout  = 30 * time.Second
)

// maxHeader bounds the header of an answer, in bytes.
const maxHeader = 64 << 10

// Reasons why an address is not dialled.
var (
	ErrAddress = errors.New("address is not on the public internet")
	ErrPlain   = errors.New("only https is used outside of allowed networks")
	ErrPort    = errors.New("only port 443 is used outside of allowed networks")
	ErrScheme  = errors.New("only https addresses can be read")
)

// Settings of an installation.
type Settings struct {
	// UserAgent is sent by the untrusted client; platform clients send their own.
	UserAgent string
	// Exceptions are the networks that the operator allows although they are not
	// public: there any port and plain http will do.
	Exceptions []netip.Prefix

	resolver *net.Resolver // nil: the system's
}

// ParseExceptions reads networks (10.1.0.0/16) and single addresses.
func ParseExceptions(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	var faults []error
	for _, s := range list {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil || a.Zone() != "" {
				faults = append(faults, fmt.Errorf("%q is not a network such as 10.1.0.0/16", s))
				continue
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Addr().Is4In6() {
			faults = append(faults, fmt.Errorf("%q: write IPv4 networks as such", s))
			continue
		}
		out = append(out, p.Masked())
	}
	return out, errors.Join(faults...)
}

// Platform makes the client for platforms: https, no redirects, no proxy, and a
// new connection for each call, so that the transport never repeats one (rule P6).
func Platform(s Settings) *http.Client {
	return &http.Client{
		Transport:     s.transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport dials plain and encrypted connections by different rules.
func (s Settings) transport() http.RoundTripper {
	return &bySchemeTransport{https: s.dialling(false), http: s.dialling(true)}
}

// dialling looks at each address just before it is dialled (rule O2): whatever a
// name or a redirect led to.
func (s Settings) dialling(plain bool) *http.Transport {
	d := &net.Dialer{
		Timeout:  connectTimeout,
		Resolver: s.resolver,
		Control: func(network, address string, _ syscall.RawConn) error {
			return s.mayDial(network, address, plain)
		},
	}
	return &http.Transport{
		Proxy:                  nil, // a proxy would make Control see only the proxy (rule O3)
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeader,
		DisableKeepAlives:      true,
	}
}

type bySchemeTransport struct{ https, http *http.Transport }

func (t *bySchemeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Scheme {
	case "https":
		return t.https.RoundTrip(r)
	case "http":
		return t.http.RoundTrip(r)
	}
	if r.Body != nil {
		_ = r.Body.Close() // RoundTripper must close it also on errors
	}
	return nil, ErrScheme
}

// mayDial is asked with each address after names were resolved.
func (s Settings) mayDial(network, address string, plain bool) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return ErrAddress
	}
	ip := ap.Addr().Unmap()
	switch {
	case s.excepted(ip):
		return nil
	case !isPublic(ip):
		return ErrAddress
	case plain:
		return ErrPlain
	case ap.Port() != 443:
		return ErrPort
	}
	return nil
}

func (s Settings) excepted(ip netip.Addr) bool {
	for _, p := range s.Exceptions {
		if ip.Zone() == "" && p.Contains(ip) {
			return true
		}
	}
	return false
}

// Rule O2: special networks by IANA's registries (checked 2026-11-20). Of IPv6
// only global unicast is public, less what is listed.
var (
	notPublic = prefixes(
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
		"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
	)
	globalUnicast = netip.MustParsePrefix("2000::/3")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// isPublic wants an unmapped address.
func isPublic(ip netip.Addr) bool {
	if !ip.IsValid() || ip.Zone() != "" || (ip.Is6() && !globalUnicast.Contains(ip)) {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
