package apihttp

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// farthest is the last second that headers are believed, in the year 4000.
const farthest = 64_060_588_800

// Epoch reads unix seconds; zero if there are none.
func Epoch(s string) time.Time {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n <= 0 || n > farthest {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// Count reads a whole number that is not negative.
func Count(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n, err == nil && n >= 0
}

// longestWait is the most that Retry-After is believed.
const longestWait = 366 * 24 * time.Hour

// RetryAfter reads the header of that name, which holds seconds or a date (RFC
// 9110 §10.2.3). Zero if it is not there, cannot be read, or names the past.
func RetryAfter(h http.Header, now time.Time) time.Time {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, ok := Count(v); ok {
		return now.Add(min(time.Duration(min(n, int64(longestWait/time.Second)))*time.Second, longestWait)).UTC()
	}
	at, err := http.ParseTime(v)
	if err != nil || !at.After(now) || at.Sub(now) > longestWait {
		return time.Time{}
	}
	return at.UTC()
}
