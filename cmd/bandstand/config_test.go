package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/canary"
	"github.com/bandstand-app/bandstand/platforms"
)

// twoPlatforms share one app.
var twoPlatforms = []platforms.Info{
	{
		ID: "tin", Name: "Tin", AppSlot: "metal", AppName: "Metal app",
		AppFields: []platforms.AppField{{Key: "client_id", Label: "App ID"}, {Key: "client_secret", Label: "App secret", Secret: true}},
		Endpoints: []platforms.Endpoint{{Name: "api", Default: "https://api.tin.example", Sandbox: "/tin/api"}},
		API:       platforms.API{Version: "v26.0"},
	},
	{
		ID: "zinc", Name: "Zinc", AppSlot: "metal", AppName: "Metal app",
		AppFields: []platforms.AppField{{Key: "client_id", Label: "App ID"}, {Key: "client_secret", Label: "App secret", Secret: true}},
		Endpoints: []platforms.Endpoint{{Name: "web", Default: "https://zinc.example", Sandbox: "/tin/web", Browser: true}},
	},
}

// configured reads settings as the program does, and makes a configuration of them.
func configured(t *testing.T, args ...string) (c e2ekit.Config, err error) {
	t.Helper()
	s := e2ekit.Settings{Platforms: settings.NewPlatforms(twoPlatforms)}
	parser, err := kong.New(&s, kong.DefaultEnvars("BANDSTAND"), settings.Groups)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c, s.Apply(&c)
}

func TestSettingsOfPlatforms(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BANDSTAND_ZINC_WEB_URL", "http://127.0.0.1:9090/tin/web/")
	t.Setenv("BANDSTAND_METAL_CLIENT_ID", "1234")
	t.Setenv("BANDSTAND_METAL_CLIENT_SECRET_FILE", secret)
	m, err := configured(t, "--allow-networks", "127.0.0.1/32,10.1.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	want := app.Endpoints{"tin": {"api": "https://api.tin.example"}, "zinc": {"web": "http://127.0.0.1:9090/tin/web"}}
	if diff := cmp.Diff(want, m.Endpoints); diff != "" {
		t.Error(diff)
	}
	if metal := m.PlatformApps["metal"]; metal["client_id"].Reveal() != "1234" || metal["client_secret"].Reveal() != "from the file" {
		t.Errorf("app: %q, %q", metal["client_id"].Reveal(), metal["client_secret"].Reveal())
	}
	if len(m.Versions) != 0 {
		t.Errorf("versions: %v", m.Versions)
	}
	if len(m.Networks) != 2 {
		t.Errorf("networks: %v", m.Networks)
	}
}

// TestTheVersionOfAPlatformIsASetting, where the platform ends versions.
func TestTheVersionOfAPlatformIsASetting(t *testing.T) {
	t.Setenv("BANDSTAND_TIN_VERSION", "v27.0")
	m, err := configured(t)
	if err != nil || len(m.Versions) != 1 || m.Versions["tin"] != "v27.0" {
		t.Errorf("versions: %v, %v", m.Versions, err)
	}
	if _, err := configured(t, "--tin-version=the newest"); err == nil || !strings.Contains(err.Error(), "--tin-version") {
		t.Errorf("%v", err)
	}
	var versioned []platforms.ID
	for _, p := range e2ekit.Catalogue().Registry(platforms.Env{}, nil, map[platforms.ID]string{"linkedin": "202603", "facebook": "v25.0", "instagram": "v25.0"}).All() {
		if api := p.Info().API; api.Version != "" {
			versioned = append(versioned, p.Info().ID)
			if api.Ends().IsZero() || api.URL == "" || api.CheckedOn.IsZero() {
				t.Errorf("%s speaks %s until %v, says %q, checked on %v", p.Info().ID, api.Version, api.Ends(), api.URL, api.CheckedOn)
			}
		}
	}
	if len(versioned) != 3 {
		t.Errorf("versions of %v", versioned)
	}
}

func TestSettingsReportEverythingAtOnce(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := configured(t, "--listen=nowhere", "--base-url=ftp://x", "--trusted-proxies=all", "--allow-networks=home",
		"--tin-api-url=api.tin.example", "--zinc-web-url=https://user:word@zinc.example", "--metal-client-id=1234", "--metal-client-secret-file="+empty)
	if err == nil {
		t.Fatal("nothing is wrong with them")
	}
	said := err.Error()
	for _, flag := range []string{
		"--listen", "--base-url", "--trusted-proxies", "--allow-networks", "--tin-api-url", "--zinc-web-url",
		"--metal-client-secret-file: the file is empty", "--metal-client-secret: it is missing",
	} {
		if !strings.Contains(said, flag) {
			t.Errorf("says nothing about %s:\n%s", flag, said)
		}
	}
}

func TestSecretIsGivenOnce(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("canary-in-the-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := configured(t, "--metal-client-id=1", "--metal-client-secret=canary-in-the-flag", "--metal-client-secret-file="+secret)
	if err == nil || !strings.Contains(err.Error(), "not both") || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// TestWrongSettingsDoNotPrintSecrets: what was put into the wrong setting, or
// stands in an address, is not repeated on the console.
func TestWrongSettingsDoNotPrintSecrets(t *testing.T) {
	t.Parallel()
	var flock canary.Flock
	flock.Add("canary", "canary-in-a-setting")
	for _, args := range [][]string{
		{"--metal-client-id=1", "--metal-client-secret-file=canary-in-a-setting"},
		{"--metal-client-id=1", "--metal-client-secret-file=" + t.TempDir() + "/canary-in-a-setting"},
		{"--metal-client-id=1", "--metal-client-secret-file=canary-in-a-setting\x00"},
		{"--zinc-web-url=https://user:canary-in-a-setting@zinc.example"},
		{"--zinc-web-url=user:canary-in-a-setting@zinc.example"},
		{"--zinc-web-url=https://a@b:canary-in-a-setting@zinc.example/%zz"},
		{"--zinc-web-url=https://zinc.example/?token=canary-in-a-setting"},
		{"--base-url=https://user:canary-in-a-setting@club.example"},
		{"--base-url=https://club.example/?canary-in-a-setting"},
	} {
		_, err := configured(t, args...)
		if err == nil || !strings.Contains(err.Error(), strings.SplitN(args[len(args)-1], "=", 2)[0]) {
			t.Errorf("%v: %v", args, err)
		} else if seen := flock.Find([]byte(err.Error())); len(seen) > 0 {
			t.Errorf("%v prints it: %v", args, err)
		}
	}
}

func TestHelpIsFoundByItsName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"help": "--help", "help serve": "serve --help", "serve --listen x": "serve --listen x", "": ""} {
		if got := strings.Join(helpArgs(strings.Fields(in)), " "); got != want {
			t.Errorf("helpArgs(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestPlainHTTPStaysAtHome is the second half of rule W4.
func TestPlainHTTPStaysAtHome(t *testing.T) {
	t.Parallel()
	for base, ok := range map[string]bool{
		"https://post.club.example":   true,
		"https://203.0.113.7":         true,
		"http://127.0.0.1:8080":       true,
		"http://[::1]:8080":           true,
		"http://localhost:8080":       true,
		"http://bandstand.localhost":  true,
		"http://192.168.1.20:8080":    true,
		"http://10.0.0.3":             true,
		"http://172.31.0.3":           true,
		"http://[fd12:3456::7]":       true,
		"http://169.254.7.7":          true,
		"http://nas:8080":             true,
		"http://nas.local":            true,
		"http://nas.lan":              true,
		"http://nas.home.arpa.":       true,
		"http://post.club.example":    false,
		"http://203.0.113.7:8080":     false,
		"http://172.32.0.3":           false,
		"http://[2001:db8::7]":        false,
		"http://[::ffff:203.0.113.7]": false,
		"http://local.example":        false,
		"http://127.0.0.1.example":    false,
		"http://0.0.0.0:8080":         false,
	} {
		_, err := configured(t, "--base-url", base)
		if (err == nil) != ok {
			t.Errorf("%s: %v", base, err)
		}
		if !ok && err != nil && !strings.Contains(err.Error(), "unencrypted") {
			t.Errorf("%s: %v", base, err)
		}
	}
}

// TestListeningToTheNetworkNeedsABaseURL: without one, everybody would type
// passwords into plain http and nobody would have said that they may.
func TestListeningToTheNetworkNeedsABaseURL(t *testing.T) {
	t.Parallel()
	for listen, ok := range map[string]bool{
		"127.0.0.1:8080": true, "127.0.0.1:0": true, "127.0.0.2:8080": true, "[::1]:8080": true, "[::ffff:127.0.0.1]:8080": true,
		"localhost:8080": true, "LOCALHOST:8080": true,
		"0.0.0.0:8080": false, ":8080": false, "[::]:8080": false, "192.168.1.20:8080": false, "203.0.113.7:8080": false, "nas:8080": false,
		"localhost.example:8080": false,
	} {
		_, err := configured(t, "--listen", listen)
		if (err == nil) != ok || !ok && !strings.Contains(err.Error(), "--base-url") {
			t.Errorf("listening on %s: %v", listen, err)
		}
		for _, base := range []string{"https://post.club.example", "http://nas.local:8080"} {
			if _, err := configured(t, "--listen", listen, "--base-url", base); err != nil {
				t.Errorf("listening on %s for %s: %v", listen, base, err)
			}
		}
		if !ok {
			demo := demoCmd{Listen: listen}
			if err := demo.Run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "this computer alone") {
				t.Errorf("a demo on %s: %v", listen, err)
			}
		}
	}
}

// TestAProxyOnThisComputerIsTrustedByItself where https comes from it and nobody
// else reaches us: without that, all visitors looked like one.
func TestAProxyOnThisComputerIsTrustedByItself(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want bool
	}{
		{[]string{"--base-url=https://post.club.example"}, true},
		{[]string{"--base-url=https://post.club.example", "--listen=localhost:8080"}, true},
		{[]string{"--base-url=https://post.club.example", "--listen=[::1]:8080"}, true},
		{[]string{"--base-url=https://post.club.example", "--listen=0.0.0.0:8080"}, false},
		{[]string{"--base-url=https://post.club.example", "--listen=10.0.0.2:8080"}, false},
		{[]string{"--base-url=https://post.club.example", "--trusted-proxies=10.0.0.0/8"}, false},
		{[]string{"--base-url=http://club.local:8080"}, false},
		{nil, false},
	} {
		m, err := configured(t, tt.args...)
		if err != nil {
			t.Fatal(tt.args, err)
		}
		for _, address := range []string{"127.0.0.1", "127.1.2.3", "::1"} {
			trusted := slices.ContainsFunc(m.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(address)) })
			if trusted != tt.want {
				t.Errorf("%v: %s is trusted: %v", tt.args, address, trusted)
			}
		}
	}
}

// TestVisitorsBehindAProxyOnThisComputerAreToldApart without any setting but the
// base URL, through the whole program.
func TestVisitorsBehindAProxyOnThisComputerAreToldApart(t *testing.T) {
	t.Parallel()
	settings := e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data"))
	settings.BaseURL = "https://post.club.example"
	app, err := e2ekit.Open(t.Context(), settings, io.Discard, wallClock, func(c *e2ekit.Config) { c.Log = slog.New(slog.DiscardHandler) })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, app.Close()); err != nil {
			t.Error(err)
		}
	})
	form := url.Values{"email": {"nobody@nowhere.example"}, "password": {"a wrong one"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+app.Addr().String()+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "X-Forwarded-For": {"198.51.100.9, 203.0.113.7"}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var from string
	if err := app.DB().Reader().QueryRowContext(t.Context(), `SELECT origin FROM audit WHERE action = 'signin_failed'`).Scan(&from); err != nil || from != "203.0.113.7" {
		t.Errorf("answered %d; the record says that %q tried (%v)", resp.StatusCode, from, err)
	}
}
