package platformtest

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bandstand-app/bandstand/platforms"
)

// hostile are beginnings of what the finders of addresses, hashtags, mentions and
// emoji look for. Repeated, each once meant work that grew with the square of the
// length, or could.
var hostile = []string{
	"a", "日", "-", "(", ")", "@", "#a", "$a ", "@[a", "a.", "com.", "日.", "a-", "a#", "@a.org ", "\u200d", "\U0001F3F4\U000E0067",
	"http://", "hhttp://", "http://日.", "https://a.org/", "https://a.org/x ", "https://a.org/(", "https://a.org/)", "a.org,", "a.org/x,", "a.org?!",
}

// measuresAreLinear: a text that is eight times as long takes about eight times
// as much work to count. Work that grows with the square is 64 times
// as much.
func measuresAreLinear(t *testing.T, w *World) {
	const short, times, most, tries = 4 << 10, 8, 36, 50
	for _, rule := range w.Platform.Rules(platforms.Account{}).Usual().Text {
		for _, unit := range hostile {
			text := strings.Repeat(unit, short/len(unit)+1)
			long := strings.Repeat(text, times)
			little, much := work(rule.Measure, text), work(rule.Measure, long)
			// What is little anyway cannot be measured well. Something else may
			// have disturbed one of the two: the least of many tells.
			for n := 0; n < tries && much > time.Millisecond && much > most*little; n++ {
				little, much = min(little, work(rule.Measure, text)), min(much, work(rule.Measure, long))
			}
			if much > time.Millisecond && much > most*little {
				t.Errorf("counting %s of %q takes %v for %d bytes and %v for %d", rule.Unit, unit, little, len(text), much, len(long))
			}
		}
	}
}

// work is the processor time that a measure takes, whatever else the machine has
// to do.
func work(measure func(string) int, text string) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begun := threadTime()
	measure(text)
	return max(threadTime()-begun, time.Microsecond)
}

// threadTime is the processor time of the calling thread.
func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
