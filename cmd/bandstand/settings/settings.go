// Package settings reads what the command line, and variables, say of an
// installation.
package settings

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/safehttp"
)

// Serve are the settings of a program that serves: what two installations would
// choose differently. Platforms are to be set before flags are read.
type Serve struct {
	Directory
	Listen         string   `help:"Address to listen on." default:"127.0.0.1:8080"`
	BaseURL        string   `name:"base-url" help:"Address people and platforms use, for example https://post.club.example. Default: http:// and the listen address."`
	TrustedProxies []string `help:"Networks of reverse proxies whose X-Forwarded-For counts, for example 10.0.0.0/8. Default: this computer, if it alone reaches the listen address and the base URL is https."`
	AllowNetworks  []string `help:"Networks that are not public and may be called all the same, for example 127.0.0.1/32 for a sandbox on this computer."`
	// AllowNetworkDisk is for those who know that no other computer uses it.
	AllowNetworkDisk bool `help:"Keep the data on a network file system all the same. Locks there cannot be relied upon: the database can be damaged."`

	Platforms Platforms `embed:""`
}

// Directory says where the data lies.
type Directory struct {
	Data    string `help:"Directory of the database, keys and pictures." default:"data" type:"path"`
	KeyFile string `help:"File of the keys that seal secrets. Default: keys/bandstand.key in the data directory." type:"path"`
}

// Apply looks at all settings, puts them into a configuration, and reports
// everything that is wrong at once.
func (s *Serve) Apply(c *app.Config) error {
	c.Data, c.KeyFile, c.AllowNetworkDisk, c.Listen = s.Data, s.KeyFile, s.AllowNetworkDisk, s.Listen
	host, base, listenFault := s.addresses()
	c.BaseURL = base
	proxies, proxyFault := s.proxies(host, base)
	c.TrustedProxies = proxies
	var networkFault, platformFault error
	if c.Networks, networkFault = safehttp.ParseExceptions(s.AllowNetworks); networkFault != nil {
		networkFault = fmt.Errorf("--allow-networks: %w", networkFault)
	}
	c.Endpoints, c.Versions, c.PlatformApps, platformFault = s.Platforms.check()
	return errors.Join(listenFault, proxyFault, networkFault, platformFault)
}

// addresses are the host to listen on and the address that people use.
func (s *Serve) addresses() (host string, base *url.URL, err error) {
	var faults []error
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		faults = append(faults, fmt.Errorf("--listen: %q is not host:port", s.Listen))
	}
	if s.BaseURL == "" {
		if err == nil && !ThisComputer(host) {
			faults = append(faults, fmt.Errorf("--listen: other computers reach %q, so say with --base-url at which address people open Bandstand. "+
				"With https:// (put Caddy or nginx in front) passwords are safe on the way; with http:// whoever shares the network can read them", s.Listen))
			host = "127.0.0.1"
		}
		s.BaseURL = "http://" + net.JoinHostPort(host, port)
	}
	base, err = ParseAddress(s.BaseURL)
	if err != nil || base.Path != "" {
		faults = append(faults, fmt.Errorf("--base-url: %q is not an address like https://post.club.example", shown(s.BaseURL)))
	}
	if err == nil && base.Scheme == "http" && !atHome(base.Hostname()) {
		faults = append(faults, fmt.Errorf("--base-url: %q would send passwords unencrypted through the internet. Use https:// (put Caddy or nginx in front); http:// is for this computer and your own network", s.BaseURL))
	}
	return host, base, errors.Join(faults...)
}

// proxies are the networks whose forwarded headers count.
func (s *Serve) proxies(host string, base *url.URL) (trusted []netip.Prefix, err error) {
	var faults []error
	for _, p := range s.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			faults = append(faults, fmt.Errorf("--trusted-proxies: %q is not a network like 10.0.0.0/8", p))
			continue
		}
		trusted = append(trusted, prefix)
	}
	if len(s.TrustedProxies) == 0 && base != nil && base.Scheme == "https" && ThisComputer(host) {
		trusted = ownComputer // who else should speak https for us?
	}
	return trusted, errors.Join(faults...)
}

// ownComputer are the addresses of this computer for itself.
var ownComputer = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// ThisComputer reports whether nobody but this computer itself reaches what
// listens on a host.
func ThisComputer(host string) bool {
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.Unmap().IsLoopback()
}

// atHome reports whether a host is this computer or one of the own network, by its
// address or by a name that the internet does not know (rule W4).
func atHome(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(name, ".") {
		return true
	}
	// RFC 6761, 6762 and 8375, and what ICANN keeps for private use; routers call theirs .lan.
	for _, own := range []string{".localhost", ".local", ".home.arpa", ".internal", ".lan"} {
		if strings.HasSuffix(name, own) {
			return true
		}
	}
	return false
}

// ParseAddress reads a base address and drops the slashes at its end.
func ParseAddress(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil {
		return nil, errors.New("it cannot be read")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return u, errors.New("it is not complete")
	}
	return u, nil
}

// shown is an address without what may be secret in it: a password before its
// host, and a query.
func shown(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		scheme, _, has := strings.Cut(address, "://")
		if !has {
			scheme = ""
		}
		address = strings.TrimPrefix(scheme+"://", "://") + "…" + address[at:]
	}
	address, query, has := strings.Cut(address, "?")
	if has && query != "" {
		address += "?…"
	}
	return address
}

// Groups are the headings below which help lists the platform settings.
var Groups = kong.Groups{
	"apps":      "Platform apps:\nCredentials from the platforms' developer sites, for clubs that entered none of their own in the app.",
	"versions":  "Platform versions:\nWhich version of a platform's API is spoken, where the platform ends the usual one before you can update Bandstand.",
	"addresses": "Platform addresses:\nWhere the platforms are, if not at their usual addresses: for a sandbox or a private server.",
}
