package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// Meta fetches pictures from us: it asks with HEAD first, or for a part, and shows
// nothing but the capability in the address.
func TestMetaFetchesAPictureByHeadAndByParts(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	b := s.as(club.Writer)
	id := b.sendFile("/media", nil, "pitch.png", drawn(t, 300, 200), hx).want(http.StatusOK).doc().Find(".tile input[name=media]").AttrOr("value", "")
	address, err := s.server.Media.Source(s.club.ID, platforms.ImageRules{Types: []string{"image/jpeg"}, MaxWidth: 64}, nil).PublicURL(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	public := strings.TrimPrefix(address, s.web.URL)
	meta := s.as("")
	ask := func(method, path string, header ...string) *answer {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.web.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)")
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		return meta.send(req)
	}
	whole := ask(http.MethodGet, public).want(http.StatusOK)
	size := strconv.Itoa(len(whole.body))
	tag := whole.Header.Get("ETag")
	if whole.Header.Get("Content-Type") != "image/jpeg" || whole.Header.Get("Accept-Ranges") != "bytes" || whole.Header.Get("Content-Length") != size || tag == "" {
		t.Errorf("headers %v", whole.Header)
	}
	if _, mac, _ := strings.Cut(strings.TrimPrefix(public, "/m/"), "/"); strings.Contains(tag, strings.Split(mac, "/")[1]) {
		t.Error("the tag holds the capability")
	}
	head := ask(http.MethodHead, public).want(http.StatusOK)
	if head.body != "" || head.Header.Get("Content-Length") != size || head.Header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("HEAD: %d bytes, headers %v", len(head.body), head.Header)
	}
	for asked, want := range map[string]struct{ body, says string }{
		"bytes=0-99":    {whole.body[:100], "bytes 0-99/" + size},
		"bytes=100-":    {whole.body[100:], "bytes 100-" + strconv.Itoa(len(whole.body)-1) + "/" + size},
		"bytes=-10":     {whole.body[len(whole.body)-10:], "bytes " + strconv.Itoa(len(whole.body)-10) + "-" + strconv.Itoa(len(whole.body)-1) + "/" + size},
		"bytes=0-99999": {whole.body, "bytes 0-" + strconv.Itoa(len(whole.body)-1) + "/" + size},
	} {
		a := ask(http.MethodGet, public, "Range", asked).want(http.StatusPartialContent)
		if a.body != want.body || a.Header.Get("Content-Range") != want.says || a.Header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s: %d bytes, %q", asked, len(a.body), a.Header.Get("Content-Range"))
		}
		if a := ask(http.MethodHead, public, "Range", asked); a.body != "" || a.StatusCode != http.StatusPartialContent {
			t.Errorf("HEAD %s: status %d, %d bytes", asked, a.StatusCode, len(a.body))
		}
	}
	ask(http.MethodGet, public, "Range", "bytes=0-9", "If-Range", tag).want(http.StatusPartialContent)
	if a := ask(http.MethodGet, public, "Range", "bytes=0-9", "If-Range", `"another"`).want(http.StatusOK); a.body != whole.body {
		t.Error("a part of another copy was given")
	}
	ask(http.MethodGet, public, "If-None-Match", tag).want(http.StatusNotModified)
	ask(http.MethodGet, public, "Range", "bytes=999999-").want(http.StatusRequestedRangeNotSatisfiable)

	// The capability is looked at first, whatever is asked.
	forged := strings.Replace(public, ".jpg", ".png", 1)
	for _, header := range [][]string{nil, {"Range", "bytes=0-9"}, {"If-None-Match", tag}, {"Range", "bytes=999999-"}} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if a := ask(method, forged, header...); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s with %v: a forged address answers %d", method, header, a.StatusCode)
			}
		}
	}
	s.clock.Advance(25 * time.Hour)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		ask(method, public).want(http.StatusNotFound)
		ask(method, public, "Range", "bytes=0-9").want(http.StatusNotFound)
	}
	// Nothing keeps the fetcher out, and nothing sends it to a sign-in page.
	if a := ask(http.MethodGet, "/robots.txt"); a.StatusCode != http.StatusNotFound {
		t.Errorf("/robots.txt answers %d", a.StatusCode)
	}
}
