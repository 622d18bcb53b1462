package e2ekit

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// Main runs the tests of a package, and ends them when whoever started them is
// gone: go test does not pass on that it was ended. Nothing that they started stays
// behind then.
func Main(m *testing.M) {
	starter := os.Getppid()
	go func() {
		for range time.Tick(time.Second) {
			if os.Getppid() != starter {
				fmt.Fprintln(os.Stderr, "whoever started the tests is gone")
				os.Exit(1)
			}
		}
	}()
	os.Exit(m.Run())
}
