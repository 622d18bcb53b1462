package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// unsure makes posts for an account whose answers were lost at the same time, and that
// were looked for so often since.
func (s *scene) unsure(account int64, phase club.Phase, looks, posts int) (keys []string) {
	s.t.Helper()
	status, code := club.NeedsAttention, platforms.CodeOutcomeUnknown
	if phase == club.Reconciling {
		status, code = club.Publishing, platforms.CodeOutcomeLooking
	}
	for n := range posts {
		s.as(club.Publisher).post("/posts", with(draft(fmt.Sprintf("Trials %d", n), account), "do", "schedule", "op", fmt.Sprint("trials-", n))).want(http.StatusSeeOther)
	}
	_, err := s.db.Writer().ExecContext(s.t.Context(), `
		UPDATE deliveries SET status = ?, phase = ?, code = ?, args = ?, seen = 'nothing', looks = ?, tried_at = due_at, unknown_since = due_at,
			body = x'7b7d', next_at = iif(? = 'reconciling', due_at, NULL)
		WHERE connection_id = ?`, status, phase, code, `{"n":"`+strconv.Itoa(looks)+`"}`, looks, phase, account)
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := s.db.Reader().QueryContext(s.t.Context(), `SELECT post_id || '-' || connection_id FROM deliveries WHERE connection_id = ? ORDER BY post_id`, account)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			s.t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return keys
}

// TestPostsOfAnOutageAreDecidedOnTogether: ten posts of an account lost their answers.
// One question serves them all, from the first look on; they are sent again only after
// as many looks as a decision needs.
func TestPostsOfAnOutageAreDecidedOnTogether(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		phase        club.Phase
		looks        int
		mayMiss      bool
		answer, says string
		ends         club.Status
	}{
		"all there, said after the first look": {club.Reconciling, 1, false, "there", "3 posts are marked as published.", club.Published},
		"none there, after five looks":         {club.Reconciling, 5, true, "now", "3 posts go out now", club.Publishing},
		"none there, when looking is over":     {club.Ambiguous, 9, true, "now", "3 posts go out now", club.Publishing},
		"none there, said too early":           {club.Reconciling, 1, false, "now", "Not every post could follow.", club.Publishing},
		"not to be a draft again":              {club.Ambiguous, 9, true, "draft", "Not every post could follow.", club.NeedsAttention},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withTiny(t)
			keys := s.unsure(s.account("tiny", true, club.Working), tt.phase, tt.looks, 3)
			tom := s.as(club.Publisher)
			tom.get("/calendar").says("3 posts to decide")
			post, _, _ := strings.Cut(keys[0], "-")
			one := tom.get("/posts/" + post).says("It is there")
			if tt.mayMiss {
				one.says("It is not there, send it again")
			} else {
				one.saysNot("It is not there, send it again")
			}
			page := tom.get("/waiting").says("3 posts were not found on Riverside FC", "They were all published")
			if tt.mayMiss {
				page.says("None is there: publish all now", "It is not there: publish it now")
			} else {
				page.saysNot("publish all now", "publish it now").says("We go on looking")
			}
			tom.post("/waiting", url.Values{"answer": {tt.answer}, "post": keys}).to("/waiting")
			tom.get("/waiting").says(tt.says)
			var n int
			err := s.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM deliveries WHERE status = ?`, tt.ends).Scan(&n)
			if err != nil || n != 3 {
				t.Errorf("%d are %s, %v", n, tt.ends, err)
			}
		})
	}
}

// TestWhatAnotherAccountLostIsAnotherQuestion: an answer about one account of a post
// says nothing about the other.
func TestWhatAnotherAccountLostIsAnotherQuestion(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a, b := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	s.as(club.Publisher).post("/posts", with(draft("Trials", a, b), "do", "schedule")).want(http.StatusSeeOther)
	s.unsure(b, club.Ambiguous, 9, 0)
	keys := s.unsure(a, club.Ambiguous, 9, 0)
	tom := s.as(club.Publisher)
	tom.get("/waiting").says("1 post was not found on Riverside FC")
	tom.post("/waiting", url.Values{"answer": {"there"}, "post": keys}).to("/waiting")
	for _, d := range s.only().Deliveries {
		want := club.Published
		if d.ConnectionID == b {
			want = club.NeedsAttention
		}
		if d.Status != want {
			t.Errorf("account %d is %s, want %s", d.ConnectionID, d.Status, want)
		}
	}
}
