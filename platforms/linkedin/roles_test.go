package linkedin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestRolesOverPages reads two pages that use different spellings.
func TestRolesOverPages(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("start") == "100" {
			_, _ = fmt.Fprint(w, `{"paging":{"links":[{"rel":"prev","href":"/rest/organizationAcls?start=0"}]},"elements":[
				{"organizationalTarget":"urn:li:organization:2","role":"ANALYST","state":"APPROVED"},
				{"organizationTarget":"urn:li:organization:1","role":"CURATOR","state":"APPROVED"}]}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"paging":{"links":[{"rel":"next","href":"/rest/organizationAcls?q=roleAssignee&count=100&start=100"}]},"elements":[
			{"organization":"urn:li:organization:1","roleAssignee":"urn:li:person:M1","role":"ADMINISTRATOR","state":"APPROVED"},
			{"organization":"urn:li:organization:3","role":"ADMINISTRATOR","state":"REVOKED"},
			{"organization":"urn:li:organizationBrand:4","role":"ADMINISTRATOR","state":"APPROVED"}]}`)
	}))
	t.Cleanup(server.Close)
	p := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"api": server.URL}}).(*Platform)
	got, member, err := p.roles(t.Context(), "check", platforms.Secret{})
	want := map[string][]string{"1": {"ADMINISTRATOR", "CURATOR"}, "2": {"ANALYST"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" || member != "urn:li:person:M1" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestRolesThatNeverEnd(t *testing.T) {
	t.Parallel()
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"paging":{"links":[{"rel":"next","href":"/x?start=1"}]},"elements":[]}`)
	}))
	t.Cleanup(server.Close)
	p := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"api": server.URL}}).(*Platform)
	if _, _, err := p.roles(t.Context(), "check", platforms.Secret{}); err != nil || calls != maxPages {
		t.Errorf("%d calls, %v", calls, err)
	}
}
