package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestStopWhileStartingEndsWell(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if err := run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, strings.NewReader(""), &out); err != nil {
		t.Errorf("a stop while starting ended with %v after\n%s", err, &out)
	}
}

// TestATakenPortSaysWhatToTry: the bare words of the system were a dead end for
// whoever starts a second copy.
func TestATakenPortSaysWhatToTry(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	for _, command := range []string{"serve", "sandbox"} {
		err := run(t.Context(), []string{command, "--listen", address, "--data", filepath.Join(t.TempDir(), "data")}, strings.NewReader(""), io.Discard)
		if err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "try --listen 127.0.0.1:") {
			t.Errorf("%s says %v", command, err)
		}
	}
}
