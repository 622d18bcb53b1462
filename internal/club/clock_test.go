package club

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestTimesAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"18:30": "18:30", "9:05": "09:05", "09:05": "09:05", "1830": "18:30", "930": "09:30", "18.30": "18:30", "18:30:00": "18:30", "18": "18:00",
		"6:30pm": "18:30", "6:30 PM": "18:30", "6:30\u202fPM": "18:30", "6:30\u00a0PM": "18:30", "6:30\u2009pm": "18:30", "6.30 pm": "18:30", "6PM": "18:00", "6 pm": "18:00", "6p": "18:00",
		"6:30 a.m.": "06:30", "6:30 p.m.": "18:30", "6:30 p. m.": "18:30", "6 A.M.": "06:00", "630pm": "18:30", "0630 am": "06:30",
		"12:00 AM": "00:00", "12:30 am": "00:30", "12 pm": "12:00", "12:30 PM": "12:30", "0:30 am": "00:30", "18:30 PM": "18:30",
		"18h30": "18:30", "18 h 30": "18:30", "18h": "18:00", "18H30": "18:30", "18.30 Uhr": "18:30", "18 Uhr": "18:00", "9 Uhr": "09:00", "1830 hrs": "18:30",
		" 18:30 ": "18:30", "\u200e18:30\u200f": "18:30", "18：30": "18:30", "0:00": "00:00", "23:59": "23:59",
	} {
		if got, err := ParseClock(typed); got != want || err != nil {
			t.Errorf("ParseClock(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "half six", "6", "12", "24:00", "25:00", "18:60", "18:3", "13:00 am", "0:30 pm", "18:30:61", "-6:30", "6:30 xm", "6:30 pmpm", "183000", "1", "18:30 tomorrow", "٦:٣٠", strings.Repeat("1", 1000)} {
		if got, err := ParseClock(typed); err == nil {
			t.Errorf("ParseClock(%q) = %q, want it refused", typed, got)
		}
	}
}

func TestTimesFoundInTheWild(t *testing.T) {
	t.Parallel()
	for _, c := range cases[struct{ Typed, Want string }](t, "testdata/times.jsonl") {
		if got, err := ParseClock(c.Typed); got != c.Want || err != nil {
			t.Errorf("ParseClock(%q) = %q, %v; want %q", c.Typed, got, err, c.Want)
		}
	}
}

// cases reads a file of JSON lines; lines that begin with # are its source.
func cases[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var c T
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		t.Fatalf("no cases in %s", name)
	}
	return out
}

func FuzzParseClock(f *testing.F) {
	for _, seed := range []string{"18:30", "6:30\u202fPM", "6 p.m.", "18h30", "1830", "18 Uhr", "24:00", "\xff"} {
		f.Add(seed)
	}
	clock := regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := ParseClock(typed)
		if err != nil {
			return
		}
		if !clock.MatchString(got) {
			t.Errorf("ParseClock(%q) = %q", typed, got)
		}
		if again, err := ParseClock(got); again != got || err != nil {
			t.Errorf("ParseClock(%q) = %q, %v", got, again, err)
		}
	})
}
