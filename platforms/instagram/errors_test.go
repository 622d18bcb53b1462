package instagram

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestRefusals has one line for each line of the platform's table, for a
// container and for the call that publishes.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code, sub     int
		kind          platforms.Kind
		message       string
		whenPublished platforms.Kind
	}{
		{-1, 0, platforms.Unknown, "platform_down", platforms.Unknown},
		{-1, 2207001, platforms.Unknown, "platform_down", platforms.Unknown},
		{-1, 2207032, platforms.Unknown, "platform_down", platforms.Unknown},
		{-1, 2207053, platforms.Unknown, "platform_down", platforms.Unknown},
		{-2, 2207003, platforms.Unknown, "media_not_fetchable", platforms.Unknown},
		{-2, 2207020, platforms.Unknown, "media_processing_failed", platforms.Unknown},
		{4, 2207051, platforms.Rejected, "spam_suspected", platforms.Unknown},
		{9, 2207042, platforms.RateLimited, "daily_cap", platforms.RateLimited},
		{24, 2207006, platforms.Unknown, "media_processing_failed", platforms.Unknown},
		{24, 2207008, platforms.Unknown, "media_processing_failed", platforms.Unknown},
		{25, 2207050, platforms.Rejected, "account_restricted", platforms.Rejected},
		{9004, 0, platforms.MediaRejected, "media_not_fetchable", platforms.MediaRejected},
		{9004, 2207052, platforms.MediaRejected, "media_not_fetchable", platforms.MediaRejected},
		{9007, 2207027, platforms.Unknown, "media_processing_slow", platforms.Unknown},
		{36000, 2207004, platforms.MediaRejected, "media_too_big", platforms.MediaRejected},
		{36001, 2207005, platforms.MediaRejected, "media_type", platforms.MediaRejected},
		{36003, 2207009, platforms.MediaRejected, "media_aspect", platforms.MediaRejected},
		{36004, 2207010, platforms.Rejected, "text_too_long", platforms.Rejected},
		{352, 2207026, platforms.MediaRejected, "media_processing_failed", platforms.MediaRejected},
		{100, 2207076, platforms.MediaRejected, "media_processing_failed", platforms.MediaRejected},
		{2207077, 0, platforms.MediaRejected, "media_processing_failed", platforms.MediaRejected},
		{100, 2207082, platforms.Unknown, "platform_down", platforms.Unknown},
		{100, 2207028, platforms.Rejected, "too_many_media", platforms.Rejected},
		{100, 2207040, platforms.Rejected, "too_many_mentions", platforms.Rejected},
		{100, 2207023, platforms.Rejected, "unknown_refusal", platforms.Rejected},
		{10, 0, platforms.Rejected, "perm_missing_publish", platforms.Rejected},
		{190, 463, platforms.Expired, "auth_expired", platforms.Expired},
	} {
		t.Run(fmt.Sprintf("%d_%d", tc.code, tc.sub), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprintf(w, `{"error":{"message":"No.","code":%d,"error_subcode":%d}}`, tc.code, tc.sub)
			}))
			t.Cleanup(server.Close)
			p := New(platforms.Env{
				HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}, Now: func() time.Time { return time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC) },
			})
			album := platforms.Publication{Draft: platforms.Draft{Media: make([]platforms.Media, 2)}}
			for _, step := range []platforms.Step{{Kind: stepAlbum}, {Kind: stepPublish, Irreversible: true}} {
				want := tc.kind
				if step.Irreversible {
					want = tc.whenPublished
				}
				_, err := p.Perform(t.Context(), platforms.Session{}, album, nil, step)
				e, ok := errors.AsType[*platforms.Error](err)
				if !ok || e.Kind != want || e.Platform != ID || e.Op != step.Kind || !step.Irreversible && e.Code != tc.message {
					t.Errorf("%s: got %+v, want %s %s", step.Kind, err, want, tc.message)
				}
			}
		})
	}
}

func TestFailedReadsTheNumberInAStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{
		"Error: Media upload has failed with error code 2207026": platforms.CodeMediaFailed,
		"2207009":               platforms.CodeMediaAspect,
		"Error: code 2207053":   "",
		"Error: code 12207026":  "",
		"Error: something else": "",
		"":                      "",
	} {
		line, ok := failed(status)
		if ok != (want != "") || line.Message != want {
			t.Errorf("%q: got %+v, %v", status, line, ok)
		}
	}
}

func TestCounting(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text                      string
		chars, hashtags, mentions int
	}{
		{"", 0, 0, 0},
		{"Trials #u12 #grün, @river.side_fc", 33, 2, 1},
		{"a#b#c", 5, 2, 0},
		{"# alone @ alone", 15, 0, 0},
		{"⚽", 1, 0, 0},
		{"#⚽ #👍🏽 #❤️ ##two #", 20, 4, 0},
		{"#2026 #_ #-no", 13, 2, 0},
		{"😀", 2, 0, 0},
		{"#日本 mail me@club.example", 24, 1, 1},
		{"\xff", 1, 0, 0},
	} {
		if c, h, m := countText(tc.text), countHashtags(tc.text), countMentions(tc.text); c != tc.chars || h != tc.hashtags || m != tc.mentions {
			t.Errorf("%q: got %d, %d, %d, want %d, %d, %d", tc.text, c, h, m, tc.chars, tc.hashtags, tc.mentions)
		}
	}
}

// Instagram takes five hashtags a post since December 2025; its API documents 30.
func TestMoreThanFiveHashtagsAreWorthALook(t *testing.T) {
	t.Parallel()
	rules := New(platforms.Env{}).Rules(platforms.Account{}).Usual()
	for n, want := range map[int]platforms.Severity{0: "", 5: "", 6: platforms.Look, 30: platforms.Look, 31: platforms.MustFix} {
		d := platforms.Draft{Text: "Trials" + strings.Repeat(" #tag", n), Media: []platforms.Media{{Type: "image/jpeg", Width: 800, Height: 800, Alt: "A ball"}}}
		var got platforms.Severity
		for _, p := range platforms.Check(rules, d) {
			if p.Code != platforms.CodeManyHashtags && p.Code != platforms.CodeTooManyHashtags || got != "" {
				t.Errorf("%d hashtags: %+v", n, p)
			}
			got = p.Severity
			if p.Severity == platforms.Look && (p.Args["limit"] != "5" || p.Args["used"] != strconv.Itoa(n)) {
				t.Errorf("%d hashtags: arguments %v", n, p.Args)
			}
		}
		if got != want {
			t.Errorf("%d hashtags: got %q, want %q", n, got, want)
		}
	}
}

func TestShapeFollowsTheFirstPicture(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		w, h int
		want string
	}{{1080, 1350, "tall"}, {900, 1600, "tall"}, {1080, 1080, "square"}, {1600, 1200, "wide"}, {1910, 1000, "widest"}, {0, 0, "square"}} {
		if got := shape([]platforms.Media{{Width: tc.w, Height: tc.h}, {Width: 1, Height: 9}}); got != tc.want {
			t.Errorf("%d × %d: got %s, want %s", tc.w, tc.h, got, tc.want)
		}
	}
}
