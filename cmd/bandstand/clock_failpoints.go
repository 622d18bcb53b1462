//go:build failpoints

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// clockVariable names a file that says how far ahead of the computer's clock
// the program's is. The crash harness writes it, so that waiting takes no time.
const clockVariable = "BANDSTAND_CLOCK"

// wallClock is the clock that the program goes by.
func wallClock() time.Time {
	b, err := os.ReadFile(os.Getenv(clockVariable))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Now()
	}
	ahead, faulty := time.ParseDuration(string(b))
	if err = errors.Join(err, faulty); err != nil {
		panic(fmt.Sprintf("%s: %v", clockVariable, err))
	}
	return time.Now().Add(ahead)
}

// built is not known: the clock of such a program may be set to anything.
func built() time.Time { return time.Time{} }

// On SIGUSR1 the program says how many goroutines it has, for the soak test.
func init() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			fmt.Fprintf(os.Stderr, "goroutines %d\n", runtime.NumGoroutine())
		}
	}()
}
