package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

func TestPublishesWhenDue(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Training at six", 10*time.Minute, r.connect())

	r.after(9 * time.Minute)
	r.want(post, club.Scheduled, club.Waiting)
	r.wantAccepted("Training at six", 0)

	r.after(time.Minute)
	d := r.want(post, club.Published, club.Linked)
	r.wantAccepted("Training at six", 1)
	if d.RemoteID != "id-1" || d.RemoteURL != "https://fake.example/id-1" || !d.PublishedAt.Equal(r.clock.Now()) {
		t.Errorf("published as %q, %q at %v", d.RemoteID, d.RemoteURL, d.PublishedAt)
	}
	r.after(time.Hour)
	r.wantAccepted("Training at six", 1)
}
