package main

import (
	"bytes"
	"context"
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
