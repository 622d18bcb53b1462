package apihttp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// broken is a wire on which every call fails with an error that names its address.
type broken func(r *http.Request) error

// RoundTrip implements http.RoundTripper.
func (b broken) RoundTrip(r *http.Request) (*http.Response, error) { return nil, b(r) }

// An address may have to hold a token. Whoever reports a failed call names it: a
// proxy, the TLS layer, the client itself, escaped once or twice.
func TestTokenInAnAddressIsInNoError(t *testing.T) {
	t.Parallel()
	const token = "EAAB+canary/token=x|y"
	for name, b := range map[string]broken{
		"the address":      func(r *http.Request) error { return fmt.Errorf("dial %s: refused", r.URL) },
		"the request line": func(r *http.Request) error { return fmt.Errorf("proxy: %s %s failed", r.Method, r.URL.RequestURI()) },
		"nested": func(r *http.Request) error {
			return &url.Error{Op: "Get", URL: r.URL.String(), Err: &url.Error{Op: "proxyconnect", URL: r.URL.String(), Err: errors.New("reset")}}
		},
		"escaped again": func(r *http.Request) error { return fmt.Errorf("GET /?to=%s", url.QueryEscape(r.URL.String())) },
		"in quotes":     func(r *http.Request) error { return fmt.Errorf("malformed address %q", r.URL) },
		"decoded": func(r *http.Request) error {
			return fmt.Errorf("no route for input_token %s", r.URL.Query().Get("input_token"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := apihttp.Client{HTTP: &http.Client{Transport: b}, Platform: "parrot"}
			_, err := c.Do(t.Context(), apihttp.Request{Op: "look", Method: http.MethodGet, URL: "https://api.example/look", Query: url.Values{"input_token": {token}}})
			if err == nil {
				t.Fatal("no error")
			}
			for _, said := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err)} {
				if strings.Contains(said, "canary") || strings.Contains(said, "input_token=") {
					t.Errorf("the error says %s", said)
				}
			}
		})
	}
}

// A redirect would hand the address on as the referrer.
func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere?from="+url.QueryEscape(r.URL.String()), http.StatusFound)
	}))
	t.Cleanup(server.Close)
	c := apihttp.Client{HTTP: server.Client(), Platform: "parrot"} // follows redirects, if it is let
	resp, err := c.Do(t.Context(), apihttp.Request{Method: http.MethodGet, URL: server.URL, Query: url.Values{"input_token": {"EAAB-canary"}}})
	if platforms.KindOf(err) != platforms.Unknown || asked != 1 {
		t.Errorf("%d requests were made: %v", asked, err)
	}
	if resp == nil || strings.Contains(fmt.Sprint(resp.Header, string(resp.Body), err), "canary") {
		t.Errorf("the answer holds the token: %+v", resp)
	}
}
