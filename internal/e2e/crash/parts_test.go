//go:build crash

package crash

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// isFollowed reports whether a thread goes on after post n, and a first comment stands
// below it, where an account takes such.
func isFollowed(n int) bool { return !isRepeat(n) && n%3 == 0 }

// isStory reports whether post n is a story where an account takes one.
func isStory(n int) bool { return !isRepeat(n) && !isFollowed(n) && n%5 == 1 }

// moreOfThread is how many posts follow the first of a thread.
const moreOfThread = 2

func threadText(n, more int) string { return fmt.Sprintf("Result %d, and %d more goals", n, more) }

func commentText(n int) string { return fmt.Sprintf("Result %d: what did you like best?", n) }

// rulesOf are the rules of a platform for an account of which nothing is known.
func rulesOf(id platforms.ID) platforms.Rules {
	for _, construct := range e2ekit.Catalogue().Platforms {
		if p := construct(platforms.Env{}); p.Info().ID == id {
			return p.Rules(platforms.Account{})
		}
	}
	return platforms.Rules{}
}

// followers is how many parts follow post n on a platform.
func followers(n int, id platforms.ID) int {
	parts := rulesOf(id).Usual().Parts
	switch {
	case !isFollowed(n):
		return 0
	case parts.Thread > 1:
		return moreOfThread
	case parts.Comment != nil:
		return 1
	}
	return 0
}

// addParts writes into the form what follows post n, and which accounts show it as a
// story.
func (w *crashWorld) addParts(form url.Values, n int) {
	if isFollowed(n) {
		for more := range moreOfThread {
			form.Add("part_kind", string(club.ThreadPart))
			form.Add("part_text", threadText(n, more+1))
		}
		form.Add("part_kind", string(club.CommentPart))
		form.Add("part_text", commentText(n))
	}
	if !isStory(n) {
		return
	}
	for i, account := range w.accounts {
		if _, takes := rulesOf(w.platformOf[i]).For(platforms.FormatStory); takes {
			form.Set("format-"+account, string(platforms.FormatStory))
		}
	}
}

// countBetween counts a kill that came between two parts: one is public, and the one
// that follows it is not yet.
func (w *crashWorld) countBetween() {
	w.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(w.data, store.FileName)+"?mode=ro")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	var between bool
	err = db.QueryRowContext(w.t.Context(), `
		SELECT EXISTS (
			SELECT 1 FROM deliveries b JOIN deliveries n ON n.post_id = b.post_id AND n.connection_id = b.connection_id AND n.part = b.part + 1
			WHERE b.status = 'PUBLISHED' AND n.status IN ('SCHEDULED', 'PUBLISHING'))`).Scan(&between)
	if err == nil && between {
		w.r.between++
	}
}

// order holds the record against the order of parts: what follows something has it as
// its parent.
func (r *result) order(record []platforms.SimPost) {
	byText := map[key]platforms.SimPost{}
	for _, p := range record {
		byText[key{p.Platform, p.Account, p.Text}] = p
	}
	for _, p := range record {
		if p.Kind != platforms.SimReply && p.Kind != platforms.SimComment {
			continue
		}
		var n, more int
		parent := ""
		if _, err := fmt.Sscanf(p.Text, "Result %d, and %d more goals", &n, &more); err == nil {
			parent = textOf(n)
			if more > 1 {
				parent = threadText(n, more-1)
			}
		} else if _, err := fmt.Sscanf(p.Text, "Result %d: what", &n); err == nil {
			parent = textOf(n)
		}
		before, there := byText[key{p.Platform, p.Account, parent}]
		if !there || !sameID(before.ID, p.Parent) {
			r.disorder++
			r.fault("%q on %s follows %q, want %q (%q)", p.Text, p.Platform, p.Parent, before.ID, parent)
		}
	}
}

// sameID reports whether two names are of one post: a record may keep the last piece
// of a longer one.
func sameID(a, b string) bool {
	return a != "" && b != "" && (a == b || strings.HasSuffix(a, "/"+b) || strings.HasSuffix(b, "/"+a))
}

// waitsForOther reports whether a delivery rests as it should, because the part before it is
// not public: it is not lost.
func waitsForOther(d delivered, all map[place]delivered) bool {
	before, there := all[place{d.post, d.connection, d.part - 1}]
	return there && d.phase == string(club.AfterPart) && before.status != string(club.Published)
}

// place is where a delivery stands.
type place struct {
	post, connection int64
	part             int
}
