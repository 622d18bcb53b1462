package faults

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// limitStyle is one way in which a platform says that it wants no more calls.
type limitStyle struct {
	name   string
	status int
	body   string
	header func(now time.Time) (header map[string]string, until time.Time) // until: zero if it does not say
	of     limited
}

// ofApp reports whether the limit is one that all accounts of a platform app share.
func (s *limitStyle) ofApp() bool { return s.name == appStyle }

const appStyle = "the app"

// limited is what a limit is one of.
type limited int

const (
	calls limited = iota
	// safeCalls: it is said to calls that make nothing public. To the others it
	// proves nothing, and they are looked into (testdata/faults.md).
	safeCalls
	// publishCalls: it is said to those others.
	publishCalls
	// posts: how many are allowed may be asked meanwhile.
	posts
)

func bare(time.Time) (map[string]string, time.Time) { return nil, time.Time{} }

// inEpoch, inSeconds, inDate and inMinutes write the time until which to wait.
func inEpoch(name string, also ...string) func(time.Time) (map[string]string, time.Time) {
	return func(now time.Time) (map[string]string, time.Time) {
		until := now.Add(15 * time.Minute).Truncate(time.Second)
		h := map[string]string{name: strconv.FormatInt(until.Unix(), 10)}
		for i := 0; i+1 < len(also); i += 2 {
			h[also[i]] = also[i+1]
		}
		return h, until
	}
}

func inSeconds(now time.Time) (map[string]string, time.Time) {
	return map[string]string{"Retry-After": "5400"}, now.Add(90 * time.Minute)
}

func inDate(now time.Time) (map[string]string, time.Time) {
	until := now.Add(40 * time.Minute).Truncate(time.Second)
	return map[string]string{"Retry-After": until.UTC().Format(http.TimeFormat)}, until
}

func inMinutes(kind string) func(time.Time) (map[string]string, time.Time) {
	return func(now time.Time) (map[string]string, time.Time) {
		return map[string]string{
			"X-Business-Use-Case-Usage": `{"1001":[{"type":"` + kind + `","call_count":100,"estimated_time_to_regain_access":17}]}`,
		}, now.Add(17 * time.Minute)
	}
}

func midnight(now time.Time) (map[string]string, time.Time) {
	y, m, d := now.UTC().Date()
	return nil, time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)
}

func metaBody(code, sub int) string {
	return fmt.Sprintf(`{"error":{"message":"Too many calls","type":"OAuthException","code":%d,"error_subcode":%d,"fbtrace_id":"A"}}`, code, sub)
}

const (
	xBody  = `{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}`
	xDaily = `{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Daily post cap","type":"https://api.twitter.com/2/problems/usage-capped","period":"Daily","scope":"Account"}`
	liBody = `{"message":"Resource level throttle APPLICATION DAY limit for calls to this resource is reached.","serviceErrorCode":101,"code":"TOO_MANY_REQUESTS","status":429}`
	bsBody = `{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}`
)

// limitStyles are those of the reference pages, by platform.
var limitStyles = map[platforms.ID][]limitStyle{
	"x": {
		{"the window", 429, xBody, inEpoch("x-rate-limit-reset", "x-rate-limit-remaining", "0", "x-rate-limit-limit", "100"), calls},
		{"a person's day", 429, xBody, inEpoch("x-user-limit-24hour-reset", "x-user-limit-24hour-remaining", "0"), calls},
		{"the app's day", 429, xBody, inEpoch("x-app-limit-24hour-reset", "x-app-limit-24hour-remaining", "0"), calls},
		{"the plan's day", 429, xDaily, midnight, calls},
		{"seconds", 429, xBody, inSeconds, calls},
		{"a date", 429, xBody, inDate, calls},
		{"out of credit", 402, `{"title":"CreditsDepleted","detail":"No credits are left","type":"https://api.twitter.com/2/problems/credits"}`, bare, calls},
		{"nothing more", 429, xBody, bare, calls},
	},
	"linkedin": {
		{"the day", 429, liBody, midnight, calls},
		{"seconds", 429, liBody, inSeconds, calls},
		{"a date", 429, liBody, inDate, calls},
	},
	"bluesky": {
		{"the window", 429, bsBody, inEpoch("RateLimit-Reset", "RateLimit-Remaining", "0", "RateLimit-Policy", "5000;w=3600"), calls},
		{"seconds", 429, bsBody, inSeconds, calls},
		{"a date", 429, bsBody, inDate, calls},
		{"nothing more", 429, bsBody, bare, calls},
	},
	"facebook": {
		{"the Page", 400, metaBody(80001, 2446079), inMinutes("pages"), calls},
		{"seconds", 400, metaBody(80001, 0), inSeconds, calls},
		{"nothing more", 400, metaBody(80001, 0), bare, calls},
		{"with 403", 403, metaBody(80001, 0), inMinutes("pages"), calls},
		{appStyle, 400, metaBody(4, 0), bare, safeCalls},
		{"the person", 400, metaBody(17, 0), inSeconds, safeCalls},
		{"the Page, to an older token", 400, metaBody(32, 0), inMinutes("pages"), safeCalls},
		{"too much at once", 400, metaBody(613, 1996), inDate, safeCalls},
	},
	"instagram": {
		{"the account", 400, metaBody(80002, 0), inMinutes("instagram"), calls},
		{"posts of the day", 400, metaBody(9, 2207042), bare, posts},
		{"a date", 400, metaBody(80002, 0), inDate, calls},
		{"nothing more", 400, metaBody(80002, 0), bare, calls},
		{appStyle, 400, metaBody(4, 0), inMinutes("instagram"), safeCalls},
	},
}

type nearStyle struct {
	name   string
	near   bool
	header func(now time.Time) (map[string]string, time.Time)
}

// nearStyles are answers that end a limit, or nearly do.
var nearStyles = map[platforms.ID][]nearStyle{
	"x": {
		{"two left", true, inEpoch("x-rate-limit-reset", "x-rate-limit-remaining", "2", "x-rate-limit-limit", "100")},
		{"three left", false, inEpoch("x-rate-limit-reset", "x-rate-limit-remaining", "3", "x-rate-limit-limit", "100")},
		{"two left today", true, inEpoch("x-user-limit-24hour-reset", "x-user-limit-24hour-remaining", "2", "x-user-limit-24hour-limit", "17")},
	},
	"bluesky": {
		{"two points left", true, inEpoch("RateLimit-Reset", "RateLimit-Remaining", "2", "RateLimit-Policy", "5000;w=3600")},
		{"two requests left", true, inEpoch("RateLimit-Reset", "RateLimit-Remaining", "2", "RateLimit-Policy", "3000;w=300")},
		{"thirty points left", false, inEpoch("RateLimit-Reset", "RateLimit-Remaining", "30", "RateLimit-Policy", "5000;w=3600")},
	},
	"facebook": {
		{"90 % of the app", true, usage("X-App-Usage", `{"call_count":3,"total_time":90,"total_cputime":25}`)},
		{"89 % of the app", false, usage("X-App-Usage", `{"call_count":89,"total_time":25,"total_cputime":25}`)},
		{"all of the Page, with its end", true, inMinutes("pages")},
	},
	"instagram": {
		{"97 % of the account", true, usage("X-Business-Use-Case-Usage", `{"1":[{"type":"instagram","call_count":97}]}`)},
		{"all of it, with its end", true, inMinutes("instagram")},
	},
}

func usage(name, value string) func(time.Time) (map[string]string, time.Time) {
	return func(time.Time) (map[string]string, time.Time) { return map[string]string{name: value}, time.Time{} }
}
