//go:build crash

package crash

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// TestSecondInstance starts the real program twice on one data directory: the
// second refuses and says why, the first does not notice (rule D3).
func TestSecondInstance(t *testing.T) {
	t.Parallel()
	p := newPair(t, e2ekit.Build(t, e2ekit.FailpointTags))
	p.app.says("runs at")
	log := &transcript{}
	second := start(t, log, p.env, p.bin, "serve", "--listen", freeAddress(t), "--data", p.data)
	if !until(t, startLimit, second.gone) {
		t.Fatal("the second one runs")
	}
	if code := second.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(log.String(), "another Bandstand already works in "+p.data+": stop it first") {
		t.Errorf("the second one ends with %d and says %q", code, log)
	}
	resp, err := p.http.Get("http://" + p.listen + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the first one says %d of its health", resp.StatusCode)
	}
	p.app.stop()
	p.startApp()
	p.app.says("runs at")
	p.app.stop()
}
