//go:build !failpoints

package main

import "time"

// wallClock is the clock that the program goes by.
func wallClock() time.Time { return time.Now() }
