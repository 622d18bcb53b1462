package bench

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

var (
	// What a page names that a browser fetches at once.
	named = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)
	// What a script fetches: import "./x.js", import("./x.js"), … from "./x.js",
	// and the elements that app.js loads by name.
	imported = regexp.MustCompile(`(?:import\s*\(?|from)\s*["'](\.[^"']+\.js)["']`)
	listed   = regexp.MustCompile(`const elements = \[([^\]]*)\]`)
	used     = regexp.MustCompile(`<(bs-[a-z]+)`)
)

// firstLoad: S18. What a browser with an empty cache fetches for the calendar.
func (m *pages) firstLoad() {
	c, err := m.app.dial()
	must(m.b, err)
	defer c.Close()
	page, html := m.fetch(c, m.path())
	total, scripts, requests := page, int64(0), 1
	seen := map[string]bool{}
	queue := []string{}
	for _, f := range named.FindAllStringSubmatch(html, -1) {
		queue = append(queue, f[1])
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		n, text := m.fetch(c, at)
		if n == 0 {
			continue
		}
		total += n
		requests++
		if path.Ext(at) != ".js" {
			continue
		}
		scripts += n
		if strings.Contains(at, "/vendor/") {
			continue
		}
		for _, f := range imported.FindAllStringSubmatch(text, -1) {
			queue = append(queue, path.Join(path.Dir(at), f[1]))
		}
		if f := listed.FindStringSubmatch(text); f != nil {
			names := strings.FieldsFunc(f[1], func(r rune) bool { return strings.ContainsRune(`", `, r) })
			for _, f := range used.FindAllStringSubmatch(html, -1) {
				names = append(names, f[1])
			}
			slices.Sort(names)
			for _, name := range slices.Compact(names) {
				queue = append(queue, path.Join(path.Dir(at), "elements", name+".js"))
			}
		}
	}
	m.r.add(goal{
		id: "S18", what: "first load of the calendar, 300 posts, nothing cached", wanted: "≤ 80 KB in ≤ 8 requests, scripts ≤ 35 KB, later ≤ 25 KB",
		figure: fmt.Sprintf("%s in %d requests, scripts %s, later %s", kb(total), requests, kb(scripts), kb(page)), ratio: "–",
		met: total <= 80_000 && requests <= 8 && scripts <= 35_000 && page <= 25_000,
	})
}

// fetch returns the size of what is sent, compressed, and the text of it. Where
// there is nothing, 0.
func (m *pages) fetch(c *client, at string) (int64, string) {
	m.b.Helper()
	header, body, err := c.body(request{method: http.MethodGet, path: at, header: acceptZip})
	must(m.b, err)
	if header.Get("Content-Encoding") != "gzip" {
		if strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
			return 0, "" // not found
		}
		return int64(len(body)), string(body)
	}
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	must(m.b, err)
	var text strings.Builder
	_, err = z.WriteTo(&text)
	must(m.b, err)
	return int64(len(body)), text.String()
}
