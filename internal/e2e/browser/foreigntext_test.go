package browser

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/store/storetest"
)

// scripts are texts that would run where they are not taken for text. What they
// run is xss().
var scripts = []string{
	`<script>xss()</script>`, `"><script>xss()</script>`, `'><script>xss()</script>`, `</textarea><script>xss()</script>`, `</title><script>xss()</script>`, `</script><script>xss()</script>`,
	`<img src=x onerror=xss()>`, `"><img src=x onerror=xss()>`, `'><img src=x onerror="xss()">`, `<svg onload=xss()>`, `<svg><script>xss()</script></svg>`, `<svg/onload=xss()//`, `<math><mi//xlink:href="javascript:xss()">`,
	`" onfocus="xss()" autofocus="`, `' onfocus='xss()' autofocus='`, `" onmouseover="xss()`, `x onclick=xss()`, `<input autofocus onfocus=xss()>`, `<details open ontoggle=xss()>`, `<video><source onerror=xss()>`,
	`<body onload=xss()>`, `<iframe src="javascript:parent.xss()">`, `<iframe srcdoc="<script>parent.xss()</script>">`, `<object data="javascript:xss()">`, `<embed src="javascript:xss()">`, `<a href="javascript:xss()">xss</a>`, `<form action="javascript:xss()"><button>xss`,
	`<base href="https://xss.example/">`, `<meta http-equiv="refresh" content="0;url=javascript:xss()">`, `<link rel="stylesheet" href="https://xss.example/x.css">`, `<style>@import "https://xss.example/x.css";</style>`, `<div style="background:url(javascript:xss())">`,
	`<div hx-get="/xss" hx-trigger="load">`, `<div hx-on:load="xss()">`, `<div data-hx-on::load="xss()">`, `<bs-calendar data-xss>`, `<template><script>xss()</script></template>`, `<noscript><p title="</noscript><img src=x onerror=xss()>">`, `<!--><img src=x onerror=xss()>-->`,
	`&lt;script&gt;xss()&lt;/script&gt;`, `&#x3c;script&#x3e;xss()&#x3c;/script&#x3e;`, `\u003cscript\u003exss()\u003c/script\u003e`, `{{constructor.constructor('xss()')()}}`, `${xss()}`, "`${xss()}`", `javascript:xss()`, `JaVaScRiPt:xss()`, "java\tscript:xss()", `data:text/html,<script>xss()</script>`,
	"<scr\u0000ipt>xss()</scr\u0000ipt>", "＜script＞xss()＜/script＞", "<\u200bscript>xss()</script>", `<ſcript>xss()</ſcript>`, "\u2028<script>xss()</script>", `<xss onpointerrawupdate=xss() tabindex=1 style=x>`,
}

// addresses are what stands where an address belongs.
var addresses = []string{
	`javascript:xss()`, `JAVASCRIPT:xss()`, "java\tscript:xss()", `data:text/html,<script>xss()</script>`, `vbscript:xss()`, `https://a.example/" onclick="xss()`, `https://a.example/'><script>xss()</script>`, `//xss.example/`, ` javascript:xss()`, "\x01javascript:xss()",
}

// foreignText lists the columns of the database that hold what people or
// platforms wrote: texts, addresses, and texts within JSON by a path ("*" is
// each). All others hold words of ours, numbers, times and keys.
var foreignText = map[string]string{
	"clubs.name": "", "people.name": "", "campaigns.name": "", "invitations.email": "",
	"connections.name": "", "connections.handle": "", "connections.kind": "", "connections.missing": "*.permission",
	"media.name": "", "media.alt": "", "posts.excerpt": "", "posts.note": "", "holds.reason": "",
	"revisions.content": "text texts.* media.*.alt link", "link_cards.title": "", "link_cards.description": "",
	"deliveries.remote_url": "address", "deliveries.args": "*", "post_events.args": "*", "notices.args": "*",
	"publish_attempts.platform_code": "", "publish_attempts.platform_text": "", "publish_attempts.trace_id": "",
	"post_snapshots.named": "names", "account_snapshots.named": "names",
}

// ownArgs are arguments of messages that are ours: names of catalogue entries,
// numbers and times.
var ownArgs = []string{"code", "n", "count", "at", "when", "when_next", "platform", "post", "delivery", "connection", "limit", "status", "from", "to", "date", "time", "role", "outcome", "proof", "kind", "step", "reason", "phase", "zone", "until", "since", "feature"}

// mark stands in a poisoned text of a column, so that it is found on a page.
func mark(column string) string { return "q" + hex.EncodeToString([]byte(column)) + "z" }

// writing makes the text of a column in the i-th row.
type writing func(column string, i int) string

// poison writes scripts into every foreign text of an app: all of them into
// each, beginning with another one in each row.
func poison(t *testing.T, app *e2ekit.App) {
	t.Helper()
	rewrite(t, app, scripted)
}

// rewrite writes a text into every column that holds what others wrote.
func rewrite(t *testing.T, app *e2ekit.App, write writing) {
	t.Helper()
	for column, how := range foreignText {
		table, name, _ := strings.Cut(column, ".")
		old := texts(t, app, fmt.Sprintf(`SELECT DISTINCT %s FROM %s WHERE %s IS NOT NULL`, name, table, name))
		for i, was := range old {
			is := poisoned(t, write, column, how, i, was)
			if _, err := app.DB().Writer().ExecContext(t.Context(), fmt.Sprintf(`UPDATE %s SET %s = ? WHERE %s = ?`, table, name, name), is, was); err != nil {
				t.Fatalf("%s: %v", column, err)
			}
		}
	}
	change(t, app, `UPDATE clubs SET changes = changes + 1`)
}

// texts are the only column of a query.
func texts(t *testing.T, app *e2ekit.App, query string) []string {
	t.Helper()
	rows, err := app.DB().Writer().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func change(t *testing.T, app *e2ekit.App, query string, args ...any) {
	t.Helper()
	if _, err := app.DB().Writer().ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// scripted is the whole of the scripts, beginning with the i-th.
func scripted(column string, i int) string {
	i %= len(scripts)
	return mark(column) + " " + strings.Join(slices.Concat(scripts[i:], scripts[:i]), " ")
}

func poisoned(t *testing.T, write writing, column, how string, i int, was string) string {
	t.Helper()
	switch how {
	case "":
		return write(column, i) + fmt.Sprint(i) // some must be different
	case "address":
		if was == "" {
			return ""
		}
		return addresses[i%len(addresses)]
	}
	var v any
	if err := json.Unmarshal([]byte(was), &v); err != nil {
		t.Fatalf("%s holds %q: %v", column, was, err)
	}
	for path := range strings.FieldsSeq(how) {
		v = replaced(v, write, strings.Split(path, "."), column+"."+path, i)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// replaced puts the scripts in place of the texts at a path.
func replaced(v any, write writing, path []string, column string, i int) any {
	if len(path) == 0 {
		if s, isText := v.(string); isText && s != "" {
			if strings.HasSuffix(column, ".link") {
				return "https://a.example/?" + mark(column) + addresses[i%len(addresses)]
			}
			return write(column, i)
		}
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			switch {
			case path[0] == "names":
				out[write(column, i)+k] = inner
			case path[0] == k, path[0] == "*" && !slices.Contains(ownArgs, k):
				out[k] = replaced(inner, write, path[1:], column, i)
			default:
				out[k] = inner
			}
		}
		return out
	case []any:
		for n, inner := range v {
			if path[0] == "*" {
				v[n] = replaced(inner, write, path[1:], column, i)
			}
		}
	}
	return v
}

// TestEveryForeignTextIsKnown: the columns of the list exist, and whoever adds a
// column of texts says whether others write in it.
func TestEveryForeignTextIsKnown(t *testing.T) {
	t.Parallel()
	ours := strings.Fields(`account_snapshots.day app_credentials.key app_credentials.slot app_limits.name app_limits.platform app_limits.slot app_limits.span app_limits.unit audit.action audit.object audit.origin clubs.language clubs.zone connection_checks.code connection_checks.health
		connection_limits.name connection_limits.span connection_limits.unit connection_refresh_tokens.started_boot connections.facts connections.granted connections.health connections.health_code connections.host
		connections.numbers_pace connections.platform connections.refused_version connections.remote_id connections.server connections.sign_in connections.warned deliveries.code deliveries.idem_key deliveries.phase deliveries.remote_id deliveries.remote_version deliveries.seen deliveries.status
		holds.phase installation.key installation.value invitations.role link_cards.state link_cards.url media.type members.last_accounts members.role notices.key notices.kind oauth_choices.platform
		oauth_states.platform oauth_states.return_to ops.op ops.result people.email people.password_hash people.theme post_events.kind posts.op posts.planned_local posts.planned_zone
		publish_attempts.boot publish_attempts.kind publish_attempts.outcome publish_attempts.proof publish_steps.kind publish_steps.ref publish_steps.state renditions.spec renditions.type
		revisions.state sessions.token work.args work.key work.kind`)
	db := storetest.Open(t, time.Now)
	rows, err := db.Reader().QueryContext(t.Context(), `
		SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND c.type = 'TEXT' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]bool{}
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			t.Fatal(err)
		}
		found[column] = true
		if _, foreign := foreignText[column]; foreign == slices.Contains(ours, column) {
			t.Errorf("%s: say whether others write in it", column)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for column := range foreignText {
		if !found[column] {
			t.Errorf("there is no %s", column)
		}
	}
}
