package gate

import (
	"testing"
	"time"
)

// TestWhatAnswersSayOfTheClock is the rule of clocks, case by case.
func TestWhatAnswersSayOfTheClock(t *testing.T) {
	t.Parallel()
	type answer struct {
		host      string
		at, ahead time.Duration
	}
	const m, s = time.Minute, time.Second
	for name, tt := range map[string]struct {
		heard []answer
		at    time.Duration // when it is asked, after the last answer
		want  opinion
	}{
		"nothing heard":                           {nil, 0, opinion{}},
		"one agrees":                              {[]answer{{"a", 0, s}}, 0, opinion{heard: true, sure: true}},
		"two minutes are right":                   {[]answer{{"a", 0, 2 * m}}, 0, opinion{heard: true, sure: true}},
		"one says it once":                        {[]answer{{"a", 0, 20 * m}}, 0, opinion{ahead: 20 * m, heard: true}},
		"one says it twice at once":               {[]answer{{"a", 0, 20 * m}, {"a", 59 * s, 20 * m}}, 0, opinion{ahead: 20 * m, heard: true}},
		"one says it for a minute":                {[]answer{{"a", 0, -20 * m}, {"a", 30 * s, -20 * m}, {"a", m, -20 * m}}, 0, opinion{ahead: -20 * m, heard: true, sure: true}},
		"one gives the same old answer":           {[]answer{{"a", 0, 20 * m}, {"a", 60 * s, 21 * m}, {"a", 120 * s, 22 * m}}, 0, opinion{ahead: 22 * m, heard: true}},
		"two say it":                              {[]answer{{"a", 0, 20 * m}, {"b", s, 30 * m}}, 0, opinion{ahead: 20 * m, heard: true, sure: true}},
		"two say it, one is more careful":         {[]answer{{"a", 0, -30 * m}, {"b", s, -3 * m}}, 0, opinion{ahead: -3 * m, heard: true, sure: true}},
		"two contradict each other":               {[]answer{{"a", 0, 20 * m}, {"a", m, 20 * m}, {"b", m, -20 * m}}, 0, opinion{heard: true}},
		"one is alone with it":                    {[]answer{{"b", 0, s}, {"a", s, 20 * m}, {"a", 2 * m, 20 * m}}, 0, opinion{heard: true, sure: true}},
		"two are alone with it":                   {[]answer{{"a", 0, 20 * m}, {"b", 0, 20 * m}, {"c", s, 0}}, 0, opinion{heard: true, sure: true}},
		"who agreed long ago does not count":      {[]answer{{"b", 0, 0}, {"a", 61 * m, 20 * m}, {"a", 62 * m, 20 * m}}, 0, opinion{ahead: 20 * m, heard: true, sure: true}},
		"who says something else means it":        {[]answer{{"a", 0, 20 * m}, {"a", 2 * m, 20 * m}, {"a", 3 * m, 0}}, 0, opinion{heard: true, sure: true}},
		"who said it an hour ago begins anew":     {[]answer{{"a", 0, 20 * m}, {"a", 61 * m, 20 * m}}, 0, opinion{ahead: 20 * m, heard: true}},
		"what was heard an hour ago is forgotten": {[]answer{{"a", 0, 20 * m}, {"a", m, 20 * m}}, 61 * m, opinion{}},
	} {
		var c Clocks
		var last time.Duration
		for _, a := range tt.heard {
			c.hear(a.host, a.ahead, a.at)
			last = a.at
		}
		for range 20 { // the order of hosts does not matter
			if got := c.opinion(last + tt.at); got.ahead != tt.want.ahead || got.heard != tt.want.heard || got.sure != tt.want.sure {
				t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
				break
			}
		}
	}
}

// TestDateOfASlowAnswer: an answer is dated when it is made, somewhere between
// the question and its arrival, and to the second.
func TestDateOfASlowAnswer(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		begun, now, date, want time.Duration // after noon
	}{
		"at once":                {0, 0, 0, 0},
		"cut to the second":      {900 * time.Millisecond, 950 * time.Millisecond, 0, 0},
		"made at the beginning":  {0, 10 * time.Minute, 0, 0},
		"made at the end":        {0, 10 * time.Minute, 10 * time.Minute, 0},
		"ours is ahead":          {20 * time.Minute, 20*time.Minute + time.Second, 0, 20 * time.Minute},
		"ours is behind":         {0, time.Second, 20 * time.Minute, -(20*time.Minute - time.Second)},
		"ours is slow, and slow": {0, 10 * time.Minute, 20 * time.Minute, -10 * time.Minute},
	} {
		if got := ahead(noon.Add(tt.begun), noon.Add(tt.now), noon.Add(tt.date)); got != tt.want {
			t.Errorf("%s: ahead by %s, want %s", name, got, tt.want)
		}
	}
	if far := ahead(noon, noon, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); far != -clockMost {
		t.Errorf("a date of another age: %s", far)
	}
}
