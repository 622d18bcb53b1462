package app

import (
	"errors"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"testing"
	"time"
)

// TestAServerThatFailsEndsTheProgram: it once stood there without a server, and
// whoever looks after processes saw nothing wrong.
func TestAServerThatFailsEndsTheProgram(t *testing.T) {
	t.Parallel()
	start := time.Now()
	config := NewConfig(time.Now, func() time.Duration { return time.Since(start) })
	config.Data, config.Listen, config.Log = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", slog.New(slog.DiscardHandler)
	config.BaseURL = &url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	app, err := Open(t.Context(), config)
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
	case <-time.After(time.Minute):
		t.Fatal("it still runs")
	}
	if err := app.Close(); err != nil {
		t.Error(err)
	}
}
