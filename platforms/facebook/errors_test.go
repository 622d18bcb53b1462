package facebook

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestRefusals has one line for each line of the platform's table, with each
// number in both places where it may come.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code, sub int
		kind      platforms.Kind
		message   string
	}{
		{506, 0, platforms.Duplicate, "duplicate"},
		{506, 1455006, platforms.Duplicate, "duplicate"},
		{100, 1366051, platforms.Duplicate, "duplicate"},
		{1366051, 0, platforms.Duplicate, "duplicate"},
		{324, 0, platforms.MediaRejected, "media_processing_failed"},
		{382, 0, platforms.MediaRejected, "media_processing_failed"},
		{6000, 0, platforms.MediaRejected, "media_processing_failed"},
		{6001, 0, platforms.Unknown, "platform_down"},
		{389, 0, platforms.MediaRejected, "media_not_fetchable"},
		{100, 1366046, platforms.MediaRejected, "media_too_big"},
		{1366046, 0, platforms.MediaRejected, "media_too_big"},
		{100, 2069019, platforms.MediaRejected, "media_processing_failed"},
		{100, 1609005, platforms.Rejected, "link_not_allowed"},
		{1609008, 0, platforms.Rejected, "link_not_allowed"},
		{100, 2061006, platforms.Rejected, "link_not_allowed"},
		{100, 1346003, platforms.Rejected, "rejected_content"},
		{100, 1349125, platforms.Rejected, "rejected_content"},
		{100, 1404102, platforms.Rejected, "rejected_content"},
		{368, 1404006, platforms.Rejected, "account_needs_check"},
		{200, 1404078, platforms.Rejected, "account_needs_check"},
		{368, 4854002, platforms.Rejected, "account_needs_check"},
		{368, 1404112, platforms.Rejected, "account_restricted"},
		{368, 0, platforms.Rejected, "account_restricted"},
		{100, 1390008, platforms.RateLimited, "rate_limited"},
		{100, 1363047, platforms.Unknown, "platform_down"},
		{1609010, 0, platforms.Unknown, "platform_down"},
		{100, 0, platforms.Rejected, "unknown_refusal"},
	} {
		t.Run(fmt.Sprintf("%d_%d", tc.code, tc.sub), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprintf(w, `{"error":{"message":"No.","code":%d,"error_subcode":%d}}`, tc.code, tc.sub)
			}))
			t.Cleanup(server.Close)
			now := time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)
			p := New(platforms.Env{
				HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}, Now: func() time.Time { return now },
			})
			_, err := p.Perform(t.Context(), platforms.Session{}, platforms.Publication{}, nil, platforms.Step{Kind: stepPublish, Irreversible: true})
			e, ok := errors.AsType[*platforms.Error](err)
			if !ok || e.Kind != tc.kind || e.Code != tc.message || e.Platform != ID || e.Op != stepPublish {
				t.Errorf("got %+v, want %s %s", err, tc.kind, tc.message)
			}
			if tc.sub == 1390008 && !e.RetryAt.Equal(now.Add(time.Hour)) {
				t.Errorf("wait until %v, want an hour", e.RetryAt)
			}
		})
	}
}
