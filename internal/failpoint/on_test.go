//go:build failpoints

package failpoint

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
)

// hitMany is what the test's own process does when it is started anew: it hits
// a point four times and says which hits failed.
func hitMany() {
	for _, name := range []string{"commit.before", "commit.after"} {
		for range 4 {
			err := Hit(name)
			if err != nil && !club.Storage(err) {
				panic(err)
			}
			_, _ = os.Stdout.WriteString(map[bool]string{true: "ok ", false: "fails "}[err == nil])
		}
	}
}

func TestMain(m *testing.M) {
	if os.Getenv("FAILPOINT_TEST") != "" {
		hitMany()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestPointsActAtTheirHit(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{
		"":                      "ok ok ok ok ok ok ok ok",
		"commit.before:2:error": "ok fails ok ok ok ok ok ok",
		"commit.before:3:lasting,commit.after:1:error": "ok ok fails fails fails ok ok ok",
		"commit.after:3:kill":                          "ok ok ok ok ok ok killed",
		"commit.nowhere:1:kill":                        "refused",
		"commit.after:1:explode":                       "refused",
		"commit.after:x:kill":                          "refused",
		"commit.after":                                 "refused",
	} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = []string{"FAILPOINT_TEST=1", Variable + "=" + set}
			out, err := cmd.Output()
			got := strings.Fields(string(out))
			if e, ok := errors.AsType[*exec.ExitError](err); ok {
				status, _ := e.Sys().(syscall.WaitStatus)
				got = append(got, map[bool]string{true: "killed", false: "refused"}[status.Signal() == syscall.SIGKILL])
			}
			if diff := cmp.Diff(strings.Fields(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
