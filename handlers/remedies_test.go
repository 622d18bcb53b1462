package handlers

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
)

// TestMainButtonAndMessageAgree: whatever a platform refused, the main button does
// what the message advises, and none sends again what "we stopped" and what must
// first be put right elsewhere.
func TestMainButtonAndMessageAgree(t *testing.T) {
	t.Parallel()
	catalogue, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := withTiny(t)
	s.trouble(club.Failed, club.Refused, "duplicate", `{}`, s.account("tiny", true, club.Working))
	b := s.as(club.Publisher)
	edits := regexp.MustCompile(`\b([Ee]dit|[Cc]hange|Remove|Shorten|Add|Choose (another|a larger)|Crop|Describe)\b`)
	sends := regexp.MustCompile(`[Tt]ry (again|once more) now|Publish it now|publish (it|from here)|try again|Nothing|You can wait`)
	stopped := regexp.MustCompile(`will not|^We stopped\.|did not try again`)
	seen := 0
	for _, key := range catalogue.Keys() {
		code, ok := strings.CutSuffix(strings.TrimPrefix(key, "fail_"), "_title")
		if !ok || !strings.HasPrefix(key, "fail_") {
			continue
		}
		if strings.Contains(catalogue.Text("en", "fail_"+code+"_did"), "goes out all the same") {
			continue // no failure
		}
		seen++
		s.exec(`UPDATE deliveries SET code = ?`, code)
		box := b.get("/posts/1").want(http.StatusOK).doc().Find(".failure")
		main := box.Find(`.btn[data-kind="main"]`)
		if main.Length() > 1 {
			t.Errorf("%s: %d main buttons", code, main.Length())
		}
		did, do, label := box.Find("dd").Eq(1).Text(), box.Find("dd").Eq(2).Text(), strings.TrimSpace(main.Text())
		switch label {
		case "":
			if edits.MatchString(do) && !strings.Contains(do, "An Admin") && !strings.Contains(do, " on Tiny") && !strings.Contains(do, "app of Tiny") {
				t.Errorf("%s: the message advises %q, and no button is the main one", code, do)
			}
		case "Edit":
			if !edits.MatchString(do) {
				t.Errorf("%s: the main button is Edit, the message %q", code, do)
			}
		case "Try again":
			if stopped.MatchString(did) || !sends.MatchString(do) {
				t.Errorf("%s: the main button tries again, the message is %q %q", code, did, do)
			}
		default:
			t.Errorf("%s: the main button is %q", code, label)
		}
	}
	if seen < 40 {
		t.Errorf("%d reasons were looked at, that cannot be all", seen)
	}
}

// TestMainButtonOfEveryState: in each state of a post, at most one button of a box is
// the main one, and it is what the state asks for.
func TestMainButtonOfEveryState(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status club.Status
		phase  club.Phase
		code   string
		health club.Health
		role   club.Role
		want   string // main button of the box; "-" without a box
		top    string // main button of the page
	}{
		{"scheduled", club.Scheduled, club.Waiting, "", club.Working, club.Publisher, "-", "Edit"},
		{"reconnecting", club.Scheduled, club.Waiting, "", club.NeedsReconnect, club.Publisher, "Reconnect @riverside (Tiny)", ""},
		{"waiting", club.Publishing, club.Backoff, "platform_down", club.Working, club.Publisher, "", ""},
		{"looking", club.Publishing, club.Reconciling, "outcome_looking", club.Working, club.Publisher, "", ""},
		{"unsure", club.NeedsAttention, club.Ambiguous, "outcome_unknown", club.Working, club.Publisher, "", ""},
		{"late", club.NeedsAttention, club.Late, "late", club.Working, club.Publisher, "Publish now", ""},
		{"held", club.NeedsAttention, club.Held, "held", club.Working, club.Publisher, "Publish now", ""},
		{"held, account broken", club.NeedsAttention, club.Held, "held", club.NeedsReconnect, club.Publisher, "Reconnect @riverside (Tiny)", ""},
		{"refused", club.Failed, club.Refused, "rejected_content", club.Working, club.Publisher, "Edit", ""},
		{"refused, account broken", club.Failed, club.Refused, "rejected_content", club.NeedsReconnect, club.Publisher, "Reconnect @riverside (Tiny)", ""},
		{"exhausted", club.Failed, club.Exhausted, "platform_down_exhausted", club.Working, club.Publisher, "Try again", ""},
		{"to be checked there", club.Failed, club.Refused, "account_needs_check", club.Working, club.Publisher, "", ""},
		{"published", club.Published, club.Linked, "", club.Working, club.Publisher, "-", ""},
		{"refused, for a viewer", club.Failed, club.Refused, "rejected_content", club.Working, club.Viewer, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := withTiny(t)
			s.as(club.Publisher).post("/posts", with(draft("Trials", s.account("tiny", true, club.Working)), "do", "schedule")).want(http.StatusSeeOther)
			s.exec(`UPDATE deliveries SET status = ?, phase = ?, code = ?, next_at = NULL, tried_at = due_at, remote_id = '1', published_at = due_at`, tt.status, tt.phase, tt.code)
			s.exec(`UPDATE connections SET health = ?`, tt.health)
			doc := s.as(tt.role).get("/posts/1").want(http.StatusOK).doc()
			label := func(all *goquery.Selection) string {
				var words []string
				for _, b := range all.EachIter() {
					words = append(words, strings.TrimSpace(b.Text()))
				}
				return strings.Join(words, ", ")
			}
			got := "-"
			if box := doc.Find(".failure"); box.Length() > 0 {
				got = label(box.Find(`.btn[data-kind="main"]`))
			}
			if got != tt.want {
				t.Errorf("the main button of the box is %q, want %q", got, tt.want)
			}
			if got := label(doc.Find(`.post-top .btn[data-kind="main"]`)); got != tt.top {
				t.Errorf("the main button of the page is %q, want %q", got, tt.top)
			}
		})
	}
}

// TestFlashWordsFitWhatIsTrue: whoever says "send it" hears when that is, not that it
// is on its way while the account does not work or all posts are held.
func TestFlashWordsFitWhatIsTrue(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change string
		says   string
	}{
		"at once":        {`UPDATE clubs SET changes = changes + 1`, "We look once more, then send it again."},
		"account broken": {`UPDATE connections SET health = 'reconnect'`, "It goes on as soon as Riverside FC on Tiny works again."},
		"slowed down":    {fmt.Sprintf(`UPDATE connections SET blocked_until = %d`, int64(4102444800000)), "Tiny asked us to slow down."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withTiny(t)
			id := s.trouble(club.NeedsAttention, club.Ambiguous, "outcome_unknown", `{"n":"5"}`, s.account("tiny", true, club.Working))[0]
			s.exec(tt.change)
			b := s.as(club.Publisher)
			b.post("/deliveries/"+id+"/answer", decide("missing")).to("/posts/1")
			b.get("/posts/1").says(tt.says)
		})
	}
}
