package apihttp_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

var now = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Time{
		"120": now.Add(2 * time.Minute), " 0 ": now, "Tue, 24 Nov 2026 19:00:00 GMT": now.Add(30 * time.Minute),
		"Tuesday, 24-Nov-26 19:00:00 GMT": now.Add(30 * time.Minute), "Tue Nov 24 19:00:00 2026": now.Add(30 * time.Minute),
		"": {}, "-5": {}, "soon": {}, "1.5": {}, "Tue, 24 Nov 2026 18:00:00 GMT": {}, "Tue, 24 Nov 2926 18:00:00 GMT": {},
		"9223372036854775807": now.Add(366 * 24 * time.Hour), "99999999999999999999": {},
	} {
		if got := apihttp.RetryAfter(http.Header{"Retry-After": {header}}, now); !got.Equal(want) {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}

func TestEpochIsSecondsOfThisAge(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Time{
		"1795545000": time.Unix(1_795_545_000, 0), "0": {}, "-1": {}, "": {}, "2026-11-24T18:30:00Z": {}, "9223372036854775807": {}, "1795545000000": {},
	} {
		if got := apihttp.Epoch(header); !got.Equal(want) {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"120", "Tue, 24 Nov 2026 19:00:00 GMT", "-1", "", "1e9", "9223372036854775807", "Tue Nov 24 19:00:00 2026"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at := apihttp.RetryAfter(http.Header{"Retry-After": {s}}, now)
		if !at.IsZero() && (at.Before(now) || at.Sub(now) > 366*24*time.Hour) {
			t.Errorf("%q is believed to mean %v", s, at)
		}
		if at := apihttp.Epoch(s); !at.IsZero() && (at.Year() < 1970 || at.Year() > 4000) {
			t.Errorf("%q is believed to be %v", s, at)
		}
	})
}
