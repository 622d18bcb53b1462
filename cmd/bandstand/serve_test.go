package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

// TestAServerThatFailsEndsTheProgram: it once stood there without a server, and
// whoever looks after processes saw nothing wrong.
func TestAServerThatFailsEndsTheProgram(t *testing.T) {
	t.Parallel()
	settings := Settings{DataSettings: DataSettings{Data: filepath.Join(t.TempDir(), "data")}, Listen: "127.0.0.1:0"}
	app, err := openApp(t.Context(), settings, io.Discard, time.Now, func(a *App) { a.log = newLog(io.Discard) })
	if err != nil {
		t.Fatal(err)
	}
	if err := app.listener.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- app.Run(t.Context()) }()
	select {
	case err := <-ended:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("it ended with %v, want what the server said", err)
		}
	case <-time.After(loadLimit):
		t.Fatal("it still runs")
	}
	if err := app.Close(); err != nil {
		t.Error(err)
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
