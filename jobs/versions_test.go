package jobs

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// speaking lets the platform speak a version of its API that ends.
func speaking(version string, ends time.Time) func(*rig) {
	return func(r *rig) {
		r.fake.api = platforms.API{Version: version, Versions: []platforms.APIVersion{{Version: version, End: ends}}}
	}
}

// told counts the notices of one kind that a person was given.
func (r *rig) told(s store.Scope, kind string) int {
	r.t.Helper()
	return len(r.everTold(s, kind))
}

// TestAVersionThatIsOverFailsNoPost: the platform refuses the version of its API
// that Bandstand speaks. The account is paused, its posts stay scheduled, admins
// are told once, and after an update what is due goes out by itself, once.
func TestAVersionThatIsOverFailsNoPost(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, speaking("1", time.Time{}))
	viewer := r.club.Member(club.Viewer)
	conn, other := r.connect(), r.connect()
	post, second := r.schedule("Match day", 0, conn), r.schedule("Raffle", 10*time.Minute, conn)
	far, elsewhere := r.schedule("Trials", 48*time.Hour, conn), r.schedule("Match day", 0, other)
	r.server.misbehave("version_over", "version_over")
	for range 60 {
		r.after(time.Minute)
	}
	for _, p := range []int64{post, second} {
		if d := r.want(p, club.Scheduled, club.Blocked); d.Code != platforms.CodeVersionOver {
			t.Errorf("it says %q", d.Code)
		}
	}
	r.want(far, club.Scheduled, club.Waiting)
	r.want(elsewhere, club.Scheduled, club.Blocked) // it has met the same answer
	for _, c := range []store.Connection{conn, other} {
		if h, code := r.health(c); h != club.Paused || code != platforms.CodeVersionOver {
			t.Errorf("the account is %s (%s)", h, code)
		}
	}
	if n := r.server.count("/publish"); n != 2 {
		t.Errorf("%d calls, want one of each account", n)
	}
	if got := []int{r.told(r.club.Scope, club.NoticeOutdated), r.told(viewer, club.NoticeOutdated)}; !slices.Equal(got, []int{1, 0}) {
		t.Errorf("admin and viewer are told %v times, want once and never", got)
	}

	r.restart() // with the same version
	r.after(time.Minute)
	if n := r.server.count("/publish"); n != 2 {
		t.Errorf("%d calls after a restart, want no more", n)
	}
	speaking("2", time.Time{})(r)
	r.restart()
	for range 5 { // what catches up keeps its distance
		r.after(2 * time.Minute)
	}
	for _, p := range []int64{post, second, elsewhere} {
		r.want(p, club.Published, club.Linked)
	}
	r.want(far, club.Scheduled, club.Waiting)
	r.wantAccepted("Match day", 2)
	r.wantAccepted("Raffle", 1)
	if n := r.told(r.club.Scope, club.NoticeOutdated); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestPeopleAreAskedAboutAPostThatMissedItsTimeForAnUpdate: it neither fails nor
// goes out days late (rule P12), and is not said to need reconnecting.
func TestPeopleAreAskedAboutAPostThatMissedItsTimeForAnUpdate(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, speaking("1", time.Time{}))
	post := r.schedule("Match day", 0, r.connect())
	r.server.misbehave("version_over")
	r.settle()
	if d := r.want(post, club.NeedsAttention, club.Late); d.Code != platforms.CodeVersionOver {
		t.Errorf("it says %q", d.Code)
	}
}

// TestEveryCallFindsThatAVersionIsOver: whatever call meets it first pauses the
// account, and counts for nothing else.
func TestEveryCallFindsThatAVersionIsOver(t *testing.T) {
	t.Parallel()
	over := refusesAs(platforms.VersionOver)
	for _, tt := range []struct {
		name, job string
		set       func(*rig)
	}{
		{"a step", "", func(r *rig) { r.fake.pictures = 1 }},
		{"a look", "", func(*rig) {}},
		{"numbers of a post", takePosts, func(*rig) {}},
		{"numbers of an account", takeAccounts, func(*rig) {}},
		{"an address", findLinks, func(r *rig) { r.fake.linkFirst = true }},
		{"a check", checkAccounts, func(*rig) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking, speaking("1", time.Time{}), tt.set)
			conn := r.connect()
			switch tt.name {
			case "a step":
				r.server.misbehave("version_over")
			case "a look":
				r.server.misbehave("reset_after")
				r.server.lookFail = []string{"version_over"}
			}
			post := r.schedule("Match day", 0, conn)
			r.after(0)
			if tt.job != "" {
				r.on(&outdated{moody{renewingFake: renewingFake{r.fake}, answers: []error{over}}})
				r.clock.Advance(25 * time.Hour)
				r.recur(tt.job)
			} else {
				r.after(30 * time.Second)
			}
			if h, code := r.health(conn); h != club.Paused || code != platforms.CodeVersionOver {
				t.Errorf("the account is %s (%s):\n%s", h, code, r.story(post))
			}
			if d := r.delivery(post); d.Status == club.Failed {
				t.Errorf("the post is %s/%s", d.Status, d.Phase)
			}
			if n := r.told(r.club.Scope, club.NoticeOutdated); n != 1 {
				t.Errorf("told %d times, want once", n)
			}
		})
	}
}

// outdated is a platform of which checks say the same as its other readings.
type outdated struct{ moody }

func (o *outdated) Check(context.Context, platforms.Session) (platforms.Account, error) {
	return platforms.Account{}, o.next()
}

// TestAPausedAccountGoesOnWhenThePlatformServesTheVersionAgain: it is looked at
// every day, though a post of it waits.
func TestAPausedAccountGoesOnWhenThePlatformServesTheVersionAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, speaking("1", time.Time{}))
	registry := platforms.NewRegistry(willing{r.fake})
	r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	r.restart()
	conn := r.connect()
	r.server.misbehave("version_over")
	r.schedule("Match day", 0, conn)
	r.after(0)
	if h, _ := r.health(conn); h != club.Paused {
		t.Fatalf("the account is %s", h)
	}
	post := r.schedule("Raffle", 24*time.Hour, conn)
	r.after(24*time.Hour + time.Minute)
	r.recur(checkAccounts)
	if h, _ := r.health(conn); h != club.Working {
		t.Errorf("the account is %s", h)
	}
	r.after(time.Minute)
	r.want(post, club.Published, club.Linked)
}

// TestAdminsAreWarnedOfAVersionThatEnds: 90, 60 and 30 days ahead, once each,
// where the club uses the platform in earnest.
func TestAdminsAreWarnedOfAVersionThatEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	ends := r.clock.Now().Add(100 * day)
	speaking("1", ends)(r)
	viewer := r.club.Member(club.Viewer)
	r.connect()
	r.recur("warn of versions that end")
	r.clock.Advance(15 * day)
	r.recur("warn of versions that end")
	if n := r.told(r.club.Scope, club.NoticeVersionEnds); n != 0 {
		t.Errorf("%d warnings in practice", n)
	}
	r.club.Exec(`UPDATE clubs SET practice = 0`)
	r.club.Exec(`UPDATE connections SET practice = 0`)
	var left []int
	before := 0
	for r.clock.Now().Before(ends.Add(10 * day)) {
		r.recur("warn of versions that end")
		if n := r.told(r.club.Scope, club.NoticeVersionEnds); n != before {
			before = n
			left = append(left, int(ends.Sub(r.clock.Now())/day))
		}
		r.clock.Advance(day)
	}
	if diff := cmp.Diff([]int{85, 60, 30}, left); diff != "" {
		t.Errorf("days left at each warning (-want +got):\n%s", diff)
	}
	if n := r.told(viewer, club.NoticeVersionEnds); n != 0 {
		t.Errorf("a viewer is told %d times", n)
	}
}
