//go:build crash

package crash

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// TestReleaseHoldsNoFailpoints looks into the program as it is shipped: neither
// the code nor the name of any point is in it, nor the clock that can be moved.
func TestReleaseHoldsNoFailpoints(t *testing.T) {
	t.Parallel()
	traces := append(readPoints(t), "internal/failpoint", failpointVariable, movedClock)
	for tags, want := range map[string]bool{e2ekit.ReleaseTags: false, e2ekit.FailpointTags: true} {
		bin := e2ekit.Build(t, tags)
		program, err := os.ReadFile(bin)
		if err != nil {
			t.Fatal(err)
		}
		symbols, err := exec.CommandContext(t.Context(), "go", "tool", "nm", bin).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(symbols, []byte("internal/failpoint.Hit")); got != want {
			t.Errorf("built with %s it has Hit among its symbols: %t, want %t", tags, got, want)
		}
		for _, trace := range traces {
			if got := bytes.Contains(program, []byte(trace)); got != want {
				t.Errorf("built with %s it contains %q: %t, want %t", tags, trace, got, want)
			}
		}
	}
}
