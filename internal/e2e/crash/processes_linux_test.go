//go:build crash

package crash

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// endWithUs lets the kernel kill a process when the thread that starts it ends.
func endWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// cutOffVariable makes a second process of the tests that is to be cut off.
const cutOffVariable = "BANDSTAND_TEST_CUT_OFF"

// TestStopOfTestsLeavesNothing cuts tests off while they have a process running:
// by Ctrl+C, from outside, and where whoever started them is gone.
func TestStopOfTestsLeavesNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv(cutOffVariable) != "" {
		p := start(t, io.Discard, nil, "/bin/sleep", "600")
		fmt.Printf("started %d\n", p.cmd.Process.Pid)
		<-p.ended
		t.Fatal("what was started ended by itself")
	}
	for name, end := range map[string]func(*os.Process) error{
		"Ctrl+C":     func(p *os.Process) error { return p.Signal(syscall.SIGINT) },
		"terminated": func(p *os.Process) error { return p.Signal(syscall.SIGTERM) },
		"killed":     (*os.Process).Kill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, said := cutOff(t, os.Args[0])
			child := said("started")
			if err := end(cmd.Process); err != nil {
				t.Fatal(err)
			}
			ends(t, cmd.Process.Pid, child)
		})
	}
	t.Run("the starter gone", func(t *testing.T) {
		t.Parallel()
		starter, said := cutOff(t, "/bin/sh", "-c", `"$0" "$1" & echo "tests $!"; wait`, os.Args[0])
		tests, child := said("tests"), said("started")
		if err := starter.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		ends(t, tests, child)
	})
}

// cutOff starts the tests that are to be cut off. said waits for what a process
// says to have a number.
func cutOff(t *testing.T, path string, args ...string) (cmd *exec.Cmd, said func(what string) int) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), path, append(args, "-test.run=^TestStopOfTestsLeavesNothing$")...)
	cmd.Env = append(os.Environ(), cutOffVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // it was killed
	lines := bufio.NewScanner(out)
	return cmd, func(what string) int {
		t.Helper()
		for lines.Scan() {
			if s, ok := strings.CutPrefix(lines.Text(), what+" "); ok {
				n, err := strconv.Atoi(s)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
		t.Fatalf("no word of %s: %v", what, lines.Err())
		return 0
	}
}

// ends waits until processes have ended.
func ends(t *testing.T, pids ...int) {
	t.Helper()
	if !until(t, startLimit, func() bool { return !slices.ContainsFunc(pids, alive) }) {
		t.Errorf("of the processes %v, there are still %v", pids, slices.DeleteFunc(slices.Clone(pids), func(p int) bool { return !alive(p) }))
	}
}

// alive tells whether a process runs. One that has ended may wait to be noticed.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return err == nil && !bytes.HasPrefix(state, []byte("Z"))
}
