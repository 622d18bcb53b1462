package platformtest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/canary"
	"github.com/bandstand-app/bandstand/platforms"
)

// echo is an answer that gives back what it was sent.
type echo struct {
	status int
	header http.Header
	body   string
	err    error // instead of an answer
}

// quotes are the bodies in which platforms say what is wrong with what they were
// sent, with %q for that.
var quotes = []string{
	`{"error":{"message":%[1]q,"error_user_msg":%[1]q,"type":%[1]q,"code":190,"fbtrace_id":%[1]q}}`,
	`{"error":"invalid_grant","error_description":%[1]q}`,
	`{"error":%[1]q,"error_description":%[1]q}`,
	`{"error":"InvalidRequest","message":%[1]q}`,
	`{"title":%[1]q,"detail":%[1]q,"type":"https://api.example/problems/%[1]s","reason":%[1]q,"status":400}`,
	`{"errors":[{"message":%[1]q,"code":32}]}`,
	`{"message":%[1]q,"code":%[1]q,"serviceErrorCode":100,"status":401}`,
	`{"data":{"is_valid":false,"error":{"message":%[1]q,"code":190}}}`,
	`{"id":%[1]q`,
	`{"expires_in":%[1]q,"access_token":5,"data":%[1]q}`,
}

// echoes are the answers that hold what was sent.
var echoes = func() (all []func(sent string) echo) {
	asJSON := http.Header{"Content-Type": {"application/json"}}
	for _, status := range []int{200, 302, 400, 401, 403, 422, 429, 500} {
		for _, q := range quotes {
			all = append(all, func(sent string) echo { return echo{status: status, header: asJSON, body: fmt.Sprintf(q, sent)} })
		}
		inHeaders := func(body string, names ...string) func(string) echo {
			return func(sent string) echo {
				h := http.Header{"Content-Type": {"application/json"}}
				for _, name := range names {
					h.Set(name, strings.Map(func(c rune) rune { return max(c, ' ') }, sent))
				}
				return echo{status: status, header: h, body: body}
			}
		}
		all = append(all,
			inHeaders(`{"x":1}`, "Content-Type"),
			inHeaders(`{"error":"InvalidRequest","message":"no"}`, "X-Transaction-Id", "X-Li-Uuid", "X-Fb-Trace-Id", "Retry-After", "X-Rate-Limit-Reset", "Www-Authenticate"),
			func(sent string) echo {
				return echo{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: fmt.Sprintf(quotes[3], sent)}
			},
			func(sent string) echo {
				return echo{status: status, header: http.Header{"Location": {"https://elsewhere.example/?" + url.QueryEscape(sent)}}}
			},
			func(sent string) echo {
				return echo{status: status, header: http.Header{"Location": {"https://elsewhere.example/%zz" + sent}}}
			},
		)
	}
	return append(all, func(sent string) echo { return echo{err: fmt.Errorf("net/http: malformed HTTP response %q", sent)} })
}()

// TestEchoes lets a platform answer every call of the contract with what it was
// sent, in every way: no error holds a secret of ours, in whatever form (T-SECRET).
func TestEchoes(t *testing.T, build func(platforms.Env) platforms.Platform) {
	t.Helper()
	var flock canary.Flock
	for _, s := range answerTokens {
		flock.Add(s, s)
	}
	said := map[string]bool{}
	asked := 0
	for call := range new(answered).calls(nil) {
		for way := range echoes {
			for _, parts := range []bool{false, true} {
				a := &answered{t: t}
				a.p = build(a.env(build))
				e := &echoing{answered: a, way: way, parts: parts}
				a.transport = e
				a.p = build(a.env(build))
				a.ctx = platforms.WatchLimits(t.Context(), func(platforms.Limit) {})
				a.found = func(err error) {
					for _, seen := range flock.Find(everything(err)) {
						where := fmt.Sprintf("call %d: %s stands in its error as %s", call, seen.Name, seen.Way)
						if !said[where] {
							t.Errorf("%s: %.300s", where, everything(err))
						}
						said[where] = true
					}
				}
				a.calls(a.p)[call]()
				asked += a.n
			}
		}
	}
	if asked == 0 {
		t.Error("nothing was asked")
	}
}

// everything is all that an error holds.
func everything(err error) []byte {
	all := []string{fmt.Sprintf("%v\n%+v", err, err)}
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		all = append(all, e.Code, e.Field, e.Op, e.PlatformCode, e.PlatformText, e.TraceID, e.Ref)
		for _, k := range slices.Sorted(maps.Keys(e.Args)) {
			all = append(all, k, e.Args[k])
		}
	}
	return []byte(strings.Join(all, "\n"))
}

// echoing answers with what it was sent.
type echoing struct {
	*answered
	way   int
	parts bool // not the request as it stands but the values in it
}

// RoundTrip implements http.RoundTripper.
func (e *echoing) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.n++; e.n > mostRequests {
		e.t.Fatalf("%d requests for one call", e.n)
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	sent := r.Header.Get("Authorization") + " " + r.URL.RawQuery + " " + string(body)
	if e.parts {
		sent = strings.Join(values(r, body), " ")
	}
	answer := echoes[e.way](sent)
	if answer.err != nil {
		return nil, answer.err
	}
	return &http.Response{
		Status: strconv.Itoa(answer.status), StatusCode: answer.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Body: io.NopCloser(strings.NewReader(answer.body)), ContentLength: int64(len(answer.body)), Request: r,
	}, nil
}

// values are the secrets of a request, as a platform knows them.
func values(r *http.Request, body []byte) []string {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	all := []string{credential}
	if plain, err := base64.StdEncoding.DecodeString(credential); err == nil {
		all = append(all, string(plain))
	}
	if form, err := url.ParseQuery(string(body)); err == nil {
		for _, name := range slices.Sorted(maps.Keys(form)) {
			all = append(all, form[name]...)
		}
	}
	q := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(q)) {
		all = append(all, q[name]...)
	}
	var fields map[string]any
	if json.Unmarshal(body, &fields) == nil {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if s, ok := fields[name].(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}
