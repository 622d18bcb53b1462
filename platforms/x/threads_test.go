package x_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// reply is a publication that follows a post.
func (w world) reply(text, root, parent string) platforms.Publication {
	p := w.Publication(platforms.Draft{Text: text})
	p.Reply = &platforms.ReplyTo{Root: platforms.Ref{ID: root}, Parent: platforms.Ref{ID: parent}}
	return p
}

func (w world) send(s platforms.Session, p platforms.Publication) (platforms.StepResult, error) {
	return w.Platform.Perform(w.Context(), s, p, nil, w.Platform.Plan(p, nil))
}

func (w world) sent(s platforms.Session, p platforms.Publication) string {
	w.Helper()
	r, err := w.send(s, p)
	if err != nil {
		w.Fatal(err)
	}
	return r.RemoteID
}

// TestNextPostOfAThreadComesTooSoonForX: X may not know the post of a moment ago on
// all of its servers, and then says the words for one that is gone. It is asked
// again a little later; of an older post they are meant.
func TestNextPostOfAThreadComesTooSoonForX(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	first := w.Publish(s, platforms.Draft{Text: "Trials are open"}).RemoteID
	part := w.reply("Bring boots", first, first)

	w.Clock.Advance(time.Second)
	w.Fault("publish", "unseen", 1)
	_, err := w.send(s, part)
	if e := expect(t, err, platforms.RateLimited, platforms.CodePlatformDown); !e.RetryAt.Equal(w.Clock.Now().Add(time.Minute)) {
		t.Errorf("asked again at %v, now is %v", e.RetryAt, w.Clock.Now())
	}
	w.Clock.Advance(3 * time.Minute)
	w.Fault("publish", "unseen", 1)
	_, err = w.send(s, part)
	expect(t, err, platforms.Rejected, platforms.CodeParentGone)
	w.sent(s, part)
	if n := len(w.Public()); n != 2 {
		t.Errorf("the record holds %d posts, want 2", n)
	}
}

// TestWhoMayReplyIsSaidWhereTheThreadBegins, and not again with each part.
func TestWhoMayReplyIsSaidWhereTheThreadBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Text: "Trials are open", Options: map[string]string{"reply_settings": "mentionedUsers"}}
	first := w.Publish(s, d).RemoteID
	part := w.reply("Bring boots", first, first)
	part.Options = d.Options
	w.sent(s, part)
	free := w.Publish(s, platforms.Draft{Text: "Everyone may reply", Options: map[string]string{"reply_settings": "everyone"}}).RemoteID
	var got []map[string]string
	for _, p := range w.Public() {
		got = append(got, p.Options)
	}
	if diff := cmp.Diff([]map[string]string{d.Options, nil, nil}, got); diff != "" {
		t.Errorf("options in the record (-want +got):\n%s", diff)
	}
	for id, want := range map[string]string{first: "mentionedUsers", free: "everyone"} {
		if a := w.api(s, http.MethodGet, "/2/tweets/"+id+"?tweet.fields=reply_settings", ""); !strings.Contains(a.Body, fmt.Sprintf(`"reply_settings":%q`, want)) {
			t.Errorf("%s: %s, want %s", id, a.Body, want)
		}
	}
	_, err := w.send(s, w.Publication(platforms.Draft{Text: "Nobody", Options: map[string]string{"reply_settings": "nobody"}}))
	expect(t, err, platforms.Rejected, platforms.CodeUnknownRefusal)
}

// TestAThreadAtX is how X tells of one: who replies to what, what lists leave out,
// and what it costs.
func TestAThreadAtX(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	before := w.sim.Credits()
	first := w.Publish(s, platforms.Draft{Text: "One"}).RemoteID
	second := w.sent(s, w.reply("Two", first, first))
	third := w.sent(s, w.reply("Three", first, second))
	if spent := before - w.sim.Credits(); spent != 3*15 {
		t.Errorf("a thread of three costs %d thousandths of a dollar, want 45", spent)
	}
	for fields, parent := range map[string]string{"tweet.fields=referenced_tweets": "referenced_tweets", "post.fields=referenced_posts": "referenced_posts"} {
		a := w.api(s, http.MethodGet, "/2/tweets/"+third+"?"+fields+",conversation_id,in_reply_to_user_id", "")
		for _, want := range []string{
			fmt.Sprintf(`%q:[{"id":%q,"type":"replied_to"}]`, parent, second),
			fmt.Sprintf(`"conversation_id":%q`, first), fmt.Sprintf(`"in_reply_to_user_id":%q`, s.Account.RemoteID),
		} {
			if !strings.Contains(a.Body, want) {
				t.Errorf("%s: %s lacks %s", fields, a.Body, want)
			}
		}
	}
	list := "/2/users/" + s.Account.RemoteID + "/tweets"
	if a := w.api(s, http.MethodGet, list+"?exclude=replies", ""); len(a.JSON["data"].([]any)) != 1 {
		t.Errorf("without replies: %s", a.Body)
	}
	if a := w.api(s, http.MethodGet, list+"?exclude=retweets", ""); len(a.JSON["data"].([]any)) != 3 {
		t.Errorf("with replies: %s", a.Body)
	}
	page := w.do(w.request(http.MethodGet, "/web/riversidefc/status/"+third, "", nil))
	if !strings.Contains(page.Body, `A reply to <a href="../../../web/riversidefc/status/`+second) {
		t.Errorf("the page: %s", page.Body)
	}
	for _, id := range []string{"1", "9999999999999999999"} {
		if a := w.api(s, http.MethodPost, "/2/tweets", fmt.Sprintf(`{"text":"To nobody","reply":{"in_reply_to_tweet_id":%q}}`, id)); a.Status != http.StatusForbidden {
			t.Errorf("a reply to post %s: %d %s", id, a.Status, a.Body)
		}
	}
}

// TestLostPartIsFoundWhenXKnowsOnlyTheNewerNames of the parameter and of the field
// that says what a post replies to.
func TestLostPartIsFoundWhenXKnowsOnlyTheNewerNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	first := w.Publish(s, platforms.Draft{Text: "One"}).RemoteID
	part := w.reply("Two", first, first)
	id := w.sent(s, part)
	w.sim.RenameFields()
	for range 2 { // the second time it knows
		e, err := w.Platform.Settle(w.Context(), s, part, nil, w.Clock.Now())
		if err != nil || e.Verdict != platforms.SeenPublic || e.RemoteID != id {
			t.Errorf("settle: %+v, %v; want %s", e, err, id)
		}
	}
	elsewhere := w.reply("Two", first, id)
	if e, err := w.Platform.Settle(w.Context(), s, elsewhere, nil, w.Clock.Now()); err != nil || e.Verdict != platforms.SeenNothing {
		t.Errorf("the same words below another post: %+v, %v", e, err)
	}
}
