package safehttp

import (
	"net/netip"
	"net/url"
	"testing"
)

// FuzzAddress: whatever is written, what is read after that is encrypted, has a
// host and no credentials; and whatever is dialled is public.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{
		"https://example.org/a?b#c", "http://example.org:80", "http://127.0.0.1:8080", "//example.org", "https:example.org", "https://a@b", "HTTP://[::1%25lo]/",
		"http://[::ffff:127.0.0.1]", "https://①②⑦.0.0.1", "http://0x7f.1", "https://example.org:99999/", "http://a:80:80/", "https://[fe80::1%25eth0]:443/", "\x00",
		"http://[::%25\xa9]", "http://\xa9", "https://[2001:db8::1%25]/",
	} {
		f.Add(s, "tcp4", "127.0.0.1:443")
	}
	f.Add("", "tcp6", "[::ffff:10.0.0.1]:443")
	f.Add("", "tcp6", "[64:ff9b::7f00:1]:443")
	f.Fuzz(func(t *testing.T, address, network, dialled string) {
		u := NewUntrusted(Settings{})
		if target, err := url.Parse(address); err == nil && u.prepare(target) == nil {
			again, err := url.Parse(target.String())
			switch {
			case err != nil:
				t.Errorf("%q became %q, which is no address", address, target)
			case again.Scheme != "https" || again.Host == "" || again.User != nil || again.Fragment != "":
				t.Errorf("%q became %q", address, again)
			}
		}
		if (Settings{}).mayDial(network, dialled, false) == nil {
			ap, err := netip.ParseAddrPort(dialled)
			if err != nil || ap.Port() != 443 || ap.Addr().IsPrivate() || ap.Addr().IsLoopback() || !ap.Addr().IsGlobalUnicast() {
				t.Errorf("%s %q is dialled", network, dialled)
			}
		}
		if (Settings{}).mayDial(network, dialled, true) == nil {
			t.Errorf("%q is dialled without encryption", dialled)
		}
	})
}
