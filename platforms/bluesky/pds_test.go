//go:build pds

package bluesky_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestContractOfRealServer runs the contract against a real server that
// testdata/pds/install.sh put into the folder BANDSTAND_TEST_PDS.
func TestContractOfRealServer(t *testing.T) {
	dir := os.Getenv("BANDSTAND_TEST_PDS")
	if dir == "" {
		t.Fatal("BANDSTAND_TEST_PDS is not set: use make test-pds")
	}
	cmd := exec.Command(filepath.Join(dir, "node"), "server.mjs")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close() // tells the server to end
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the server did not become ready: %v", err)
	}
	var ready struct{ PDS, PLC, Handle, Password, Other string }
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("the server said %q: %v", line, err)
	}
	contract(t, network{
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		endpoints: map[string]string{
			"entryway": ready.PDS, "plc": ready.PLC, "appview": ready.PDS, "web": "https://bsky.app",
		},
		now:   time.Now,
		typed: map[string]string{"handle": ready.Handle, "password": ready.Password},
		other: ready.Other,
	})
}
