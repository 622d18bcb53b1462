package i18n

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// The ways to write a date. t must be in the zone in which it is to be read.

// Day writes "Thursday 26 November".
func Day(ctx context.Context, t time.Time) string {
	return T(ctx, "date_day", "weekday", name(ctx, "date_weekdays", int(t.Weekday())), "day", strconv.Itoa(t.Day()), "month", name(ctx, "date_months", int(t.Month())-1))
}

// DayShort writes "Thu 26 Nov".
func DayShort(ctx context.Context, t time.Time) string {
	return T(ctx, "date_day", "weekday", name(ctx, "date_weekdays_short", int(t.Weekday())), "day", strconv.Itoa(t.Day()), "month", name(ctx, "date_months_short", int(t.Month())-1))
}

// Date writes "26 Nov".
func Date(ctx context.Context, t time.Time) string {
	return T(ctx, "date_date", "day", strconv.Itoa(t.Day()), "month", name(ctx, "date_months_short", int(t.Month())-1))
}

// DayYear writes "26 Nov 2026".
func DayYear(ctx context.Context, t time.Time) string {
	return T(ctx, "date_day_year", "day", strconv.Itoa(t.Day()), "month", name(ctx, "date_months_short", int(t.Month())-1), "year", strconv.Itoa(t.Year()))
}

// Month writes "November 2026".
func Month(ctx context.Context, t time.Time) string {
	return T(ctx, "date_month", "month", name(ctx, "date_months", int(t.Month())-1), "year", strconv.Itoa(t.Year()))
}

// Weekday writes "Thu".
func Weekday(ctx context.Context, d time.Weekday) string {
	return name(ctx, "date_weekdays_short", int(d))
}

// WeekdayLong writes "Thursday".
func WeekdayLong(ctx context.Context, d time.Weekday) string {
	return name(ctx, "date_weekdays", int(d))
}

// Clock writes "18:30".
func Clock(_ context.Context, t time.Time) string { return t.Format("15:04") }

// When writes "Thu 26 Nov, 18:30".
func When(ctx context.Context, t time.Time) string {
	return T(ctx, "date_when", "day", DayShort(ctx, t), "time", Clock(ctx, t))
}

// WhenYear writes "26 Nov 2026, 18:30".
func WhenYear(ctx context.Context, t time.Time) string {
	return T(ctx, "date_when", "day", DayYear(ctx, t), "time", Clock(ctx, t))
}

// Place is how a zone is called beside a time: "Dublin".
func Place(zone string) string {
	if i := strings.LastIndexByte(zone, '/'); i >= 0 {
		zone = zone[i+1:]
	}
	return strings.ReplaceAll(zone, "_", " ")
}

// Bytes writes a size: "2.1 MB".
func Bytes(ctx context.Context, n int64) string {
	switch {
	case n >= 1_000_000_000:
		return T(ctx, "size_gb", "n", Decimal(ctx, float64(n)/1e9, 1))
	case n >= 1_000_000:
		return T(ctx, "size_mb", "n", Decimal(ctx, float64(n)/1e6, 1))
	case n >= 1000:
		return T(ctx, "size_kb", "n", strconv.FormatInt(n/1000, 10))
	}
	return T(ctx, "size_b", "n", strconv.FormatInt(n, 10))
}

// Decimal writes a number with so many decimal places, as in "2.1".
func Decimal(ctx context.Context, x float64, places int) string {
	return strings.Replace(strconv.FormatFloat(x, 'f', places, 64), ".", T(ctx, "number_decimal"), 1)
}

// List writes words one after the other, as in "one, two, three".
func List(ctx context.Context, words []string) string {
	return strings.Join(words, T(ctx, "list_separator"))
}

// And writes words as part of a sentence, as in "one, two and three".
func And(ctx context.Context, words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return T(ctx, "list_and", "first", List(ctx, words[:last]), "last", words[last])
}

// Number writes a whole number with the language's separators: "4,210".
func Number(ctx context.Context, n int64) string {
	s := strconv.FormatInt(n, 10)
	sep := T(ctx, "number_separator")
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return s
}

func name(ctx context.Context, key string, i int) string {
	names := strings.Fields(T(ctx, key))
	if i < 0 || i >= len(names) {
		return ""
	}
	return names[i]
}
