package main

import (
	"strings"
	"testing"
)

func TestSandboxPrintsWhatPointsAnAppToIt(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := greetSandbox(&out, "http://127.0.0.1:9090", twoPlatforms); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"export BANDSTAND_TIN_API_URL=http://127.0.0.1:9090/tin/api\n",
		"export BANDSTAND_ZINC_WEB_URL=http://127.0.0.1:9090/tin/web\n",
		"export BANDSTAND_METAL_CLIENT_ID=sandbox-client_id\n",
		"export BANDSTAND_ALLOW_NETWORKS=",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("does not print %q:\n%s", line, &out)
		}
	}
}
