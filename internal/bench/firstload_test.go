package bench

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/klauspost/compress/gzip"
)

var (
	// What a page names, and a browser fetches at once.
	named = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)
	// What a script fetches when somebody does something that needs it.
	later = regexp.MustCompile(`import\(["'](\.[^"']+)["']\)`)
)

// firstLoad: S18. What a browser with an empty cache fetches for the calendar.
func (m *pages) firstLoad() {
	c, err := m.app.dial()
	must(m.b, err)
	defer c.Close()
	page, html := m.fetch(c, m.path())
	total, scripts, onDemand, requests := page, int64(0), int64(0), 1
	for _, f := range named.FindAllStringSubmatch(html, -1) {
		n, text := m.fetch(c, f[1])
		total += n
		requests++
		if path.Ext(f[1]) != ".js" {
			continue
		}
		scripts += n
		for _, l := range later.FindAllStringSubmatch(text, -1) {
			n, _ := m.fetch(c, path.Join(path.Dir(f[1]), l[1]))
			onDemand += n
		}
	}
	m.r.add(goal{
		id: "S18", what: "first load of the calendar, 300 posts, nothing cached", wanted: "≤ 80 KB in ≤ 8 requests, scripts ≤ 35 KB, later ≤ 25 KB",
		figure: fmt.Sprintf("%s in %d requests, scripts %s (and %s when a pointer first comes to the cards), later %s", kb(total), requests, kb(scripts), kb(onDemand), kb(page)), ratio: "–",
		met: total <= 80_000 && requests <= 8 && scripts <= 35_000 && page <= 25_000,
	})
}

// fetch returns the size of what is sent, compressed, and the text of it.
func (m *pages) fetch(c *client, at string) (int64, string) {
	m.b.Helper()
	header, body, err := c.body(request{method: http.MethodGet, path: at, header: acceptZip})
	must(m.b, err)
	if header.Get("Content-Encoding") != "gzip" {
		m.b.Fatalf("%s is not sent compressed: %s", at, header)
	}
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	must(m.b, err)
	var text strings.Builder
	_, err = z.WriteTo(&text)
	must(m.b, err)
	return int64(len(body)), text.String()
}
