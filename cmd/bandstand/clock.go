//go:build !failpoints

package main

import (
	"runtime/debug"
	"time"
)

// wallClock is the clock that the program goes by.
func wallClock() time.Time { return time.Now() }

// built is when the program was made: no clock is right before that.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	return builtAt(info.Settings)
}
