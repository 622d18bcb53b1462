package handlers

import (
	"net/http"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/platforms/x"
	"github.com/bandstand-app/bandstand/store"
)

// TestTheAccountPageSaysHowMuchIsUsed in words, for every kind of limit.
func TestTheAccountPageSaysHowMuchIsUsed(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	tom := st.as(club.Publisher)
	ends := st.clock.Now().Add(10 * time.Minute)
	for _, tt := range []struct {
		limit platforms.Limit
		want  string
	}{
		{platforms.Limit{Unit: platforms.LimitPosts, Span: platforms.SpanMonth, Max: 500, Left: 188, Ends: ends}, "312 of 500 posts used this month."},
		{platforms.Limit{Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 100, Left: 97}, "3 of 100 posts used in 24 hours."},
		{platforms.Limit{Unit: platforms.LimitPosts, Span: platforms.SpanWindow, Max: 100, Left: 99, Ends: ends}, "1 of 100 posts used until Mon 23 Nov, 09:10."},
		{platforms.Limit{Unit: platforms.LimitPosts, Span: platforms.SpanWindow, Max: 100, Left: 99}, "1 of 100 posts used for now."},
		{platforms.Limit{Unit: platforms.LimitPoints, Span: platforms.SpanHour, Max: 5000, Left: 4997}, "3 of 5,000 points used this hour."},
		{platforms.Limit{Unit: platforms.LimitPoints, Span: platforms.SpanDay, Max: 35000, Left: 34000}, "1,000 of 35,000 points used in 24 hours."},
		{platforms.Limit{Unit: platforms.LimitPercent, Span: platforms.SpanDay, Max: 100, Left: 3}, "97 % of what X allows this account in 24 hours is used."},
		{platforms.Limit{Unit: platforms.LimitPercent, Span: platforms.SpanHour, Max: 100, Left: 72}, "28 % of what X allows Bandstand in an hour is used."},
		{platforms.Limit{Unit: platforms.LimitPosts, Span: platforms.SpanMonth, Ends: ends}, "No more posts until Mon 23 Nov, 09:10."},
		{platforms.Limit{Unit: platforms.LimitCalls, Span: platforms.SpanDay, Max: 0}, "No more requests for now."},
		{platforms.Limit{Unit: platforms.LimitCredit, Span: platforms.SpanNone}, "No credit left at X. Posts go on when an Admin has bought more at https://console.x.com."},
	} {
		tt.limit.Name = "only"
		if err := st.db.SaveLimits(t.Context(), conn.ID, st.club.ID, []platforms.Limit{tt.limit}, time.Time{}); err != nil {
			t.Fatal(err)
		}
		tom.get(pathOf(conn)).want(http.StatusOK).says("What the platform allows", tt.want).saysNot("Posts wait until")
	}
	shared := platforms.Limit{Name: "app", Scope: platforms.ScopeApp, Unit: platforms.LimitPercent, Span: platforms.SpanHour, Max: 100, Left: 72}
	if err := st.db.SaveAppLimits(t.Context(), conn.ID, store.PlatformApp{Slot: "x", Platforms: []platforms.ID{x.ID}}, []platforms.Limit{shared}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	tom.get(pathOf(conn)).says("28 % of what X allows Bandstand in an hour is used. All accounts that are connected through the same X app share this limit.")
	if _, err := st.db.Writer().ExecContext(t.Context(), `DELETE FROM app_limits`); err != nil {
		t.Fatal(err)
	}
	until := st.clock.Now().Add(15 * time.Minute)
	gone := platforms.Limit{Name: "only", Unit: platforms.LimitPosts, Span: platforms.SpanWindow, Max: 100, Left: 2, Ends: until}
	if err := st.db.SaveLimits(t.Context(), conn.ID, st.club.ID, []platforms.Limit{gone}, until); err != nil {
		t.Fatal(err)
	}
	tom.get(pathOf(conn)).says("Posts wait until Mon 23 Nov, 09:15: X allows no more before then.", "98 of 100 posts used until Mon 23 Nov, 09:15.")
	st.clock.Advance(15 * time.Minute)
	tom.get(pathOf(conn)).saysNot("Posts wait", "98 of 100", "What the platform allows")

	// What has no end is believed for as long as it counts.
	for _, tt := range []struct {
		limit platforms.Limit
		life  time.Duration
	}{
		{platforms.Limit{Unit: platforms.LimitPercent, Span: platforms.SpanHour, Max: 100, Left: 3}, time.Hour},
		{platforms.Limit{Unit: platforms.LimitPercent, Span: platforms.SpanDay, Max: 100, Left: 3}, 24 * time.Hour},
		{platforms.Limit{Unit: platforms.LimitCredit, Span: platforms.SpanNone}, 2 * time.Hour},
	} {
		tt.limit.Name = "only"
		if err := st.db.SaveLimits(t.Context(), conn.ID, st.club.ID, []platforms.Limit{tt.limit}, time.Time{}); err != nil {
			t.Fatal(err)
		}
		st.clock.Advance(tt.life - time.Second)
		tom = st.as(club.Publisher)
		tom.get(pathOf(conn)).says("What the platform allows")
		st.clock.Advance(time.Second)
		tom.get(pathOf(conn)).saysNot("What the platform allows")
	}
}

// TestCheckingReadsWhatNoOtherAnswerSays: Instagram must be asked for its posts of
// the day.
func TestCheckingReadsWhatNoOtherAnswerSays(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "instagram")
	tom := st.as(club.Publisher)
	tom.get(pathOf(st.only(true, instagram.ID))).want(http.StatusOK).says("0 of 100 posts used in 24 hours.", "0 % of what Instagram allows this account in 24 hours is used.")
}

// TestTheListOfAccountsSaysWhichLimitIsNear, and keeps to itself what is not.
func TestTheListOfAccountsSaysWhichLimitIsNear(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	tom := st.as(club.Publisher)
	now := st.clock.Now()
	ends := now.Add(10 * time.Minute)
	posts := func(left int64) platforms.Limit {
		return platforms.Limit{Unit: platforms.LimitPosts, Span: platforms.SpanMonth, Max: 500, Left: left, Ends: ends}
	}
	credit := platforms.Limit{Unit: platforms.LimitCredit, Span: platforms.SpanNone}
	const spent, paid = "of 500 posts used this month.", "No credit left at X."
	for _, tt := range []struct {
		name  string
		limit platforms.Limit
		rest  time.Duration // of the account
		says  []string
		not   []string
	}{
		{"much is left", posts(101), 0, nil, []string{spent, "limit reached"}},
		{"a fifth is left", posts(100), 0, []string{"400 of 500 posts used this month."}, []string{"limit reached"}},
		{"nothing is left", posts(0), 0, []string{"500 of 500 posts used this month."}, nil},
		{"a share", platforms.Limit{Unit: platforms.LimitPercent, Span: platforms.SpanHour, Max: 100, Left: 20}, 0, []string{"80 % of what X allows Bandstand in an hour is used."}, nil},
		{"no number is known", platforms.Limit{Unit: platforms.LimitPosts, Span: platforms.SpanDay, Ends: ends}, 0, []string{"No more posts until"}, nil},
		{"no credit", credit, 0, []string{paid}, nil},
		{"it waits today", posts(0), 5 * time.Hour, []string{"Waits until 14:00: limit reached."}, []string{spent}},
		{"it waits until another day", posts(0), 24 * time.Hour, []string{"Waits until Tue 24 Nov, 09:00: limit reached."}, []string{spent}},
		{"it waits for credit", credit, 5 * time.Hour, []string{"Waits until 14:00: limit reached.", paid}, nil},
	} {
		tt.limit.Name = "only"
		if err := st.db.SaveLimits(t.Context(), conn.ID, st.club.ID, []platforms.Limit{tt.limit}, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := st.db.Writer().ExecContext(t.Context(), `UPDATE connections SET blocked_until = ?`, now.Add(tt.rest).UnixMilli()); err != nil {
			t.Fatal(err)
		}
		tom.get("/accounts").want(http.StatusOK).says(tt.says...).saysNot(tt.not...)
		if t.Failed() {
			t.Fatalf("the list of accounts is wrong where %s", tt.name)
		}
	}
	if err := st.db.SetHealth(t.Context(), conn.ID, club.NeedsReconnect, platforms.CodeAuthRevoked); err != nil {
		t.Fatal(err)
	}
	tom.get("/accounts").saysNot("limit reached", paid)
}
