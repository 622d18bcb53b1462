package sim

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// maxComment is the most that a comment holds, in UTF-16 code units.
const maxComment = 1250

// The resources of comments.
const (
	commentsPath = "/api/rest/socialActions/{urn}/comments"
	commentPath  = commentsPath + "/{id}"
)

// comment is what the API tells of a comment. Its text is read as it stands.
type comment struct {
	ID    string    `json:"id"` // a number
	Post  string    `json:"post"`
	Actor string    `json:"actor"`
	Text  string    `json:"text"`
	Time  time.Time `json:"time"`
}

// commentBody is a comment as it is sent.
type commentBody struct {
	Actor   string `json:"actor"`
	Object  string `json:"object"`
	Message *struct {
		Text string `json:"text"`
	} `json:"message"`
}

// activity is the other name of a post, under which its comments are kept.
func activity(post string) string {
	n, _ := strconv.ParseInt(post[strings.LastIndex(post, ":")+1:], 10, 64) // a post of ours ends in its number
	return fmt.Sprintf("urn:li:activity:%d", n+1)
}

// urn is what a comment is called.
func (c comment) urn() string { return "urn:li:comment:(" + activity(c.Post) + "," + c.ID + ")" }

// describe is a comment in an answer: its object is the activity, whatever was asked
// for.
func (c comment) describe() map[string]any {
	return map[string]any{
		"$URN": c.urn(), "commentUrn": c.urn(), "id": c.ID, "actor": c.Actor, "object": activity(c.Post),
		"message":      map[string]any{"text": c.Text, "attributes": []any{}},
		"created":      map[string]any{"actor": c.Actor, "impersonator": memberURN, "time": c.Time.UnixMilli()},
		"lastModified": map[string]any{"actor": c.Actor, "impersonator": memberURN, "time": c.Time.UnixMilli()},
	}
}

// postOf finds the post that a call is about, by the name in its path, and answers
// if there is none. The lock is held.
func (s *Sim) postOf(w http.ResponseWriter, r *http.Request) (string, bool) {
	rest := strings.TrimPrefix(r.URL.EscapedPath(), "/api/rest/socialActions/")
	raw, _, _ := strings.Cut(rest, "/")
	urn, ok := decoded(raw)
	if !ok {
		fail(w, http.StatusBadRequest, fault{Code: "PARAM_INVALID", Message: "Syntax exception in path variables"})
		return "", false
	}
	if !isURN(w, urn, "share", "ugcPost", "activity") {
		return "", false
	}
	post := s.named(urn)
	if _, ok := s.live(post); !ok {
		notFound(w, urn)
		return "", false
	}
	return post, true
}

// named is the post with this name, or with this activity.
func (s *Sim) named(urn string) string {
	for post := range s.State.Posts {
		if activity(post) == urn {
			return post
		}
	}
	return urn
}

// createComment is POST /rest/socialActions/{urn}/comments.
func (s *Sim) createComment(w http.ResponseWriter, r *http.Request) {
	var in commentBody
	if !readBody(w, r, &in) {
		return
	}
	for _, f := range []struct {
		path  string
		given bool
	}{{"/actor", in.Actor != ""}, {"/object", in.Object != ""}, {"/message", in.Message != nil}} {
		if !f.given {
			failSchema(w, f.path, "field is required but not found and has no default value")
			return
		}
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	post, ok := s.postOf(w, r)
	if !ok {
		return
	}
	switch {
	case !mayPost(in.Actor):
		roleLost(w)
	case s.named(in.Object) != post:
		failField(w, "INVALID_VALUE_FOR_FIELD", "/object", "The object is not the one that is commented on")
	case strings.TrimSpace(in.Message.Text) == "":
		failField(w, "INVALID_VALUE_BLANK_FIELD", "/message/text", "The comment is blank")
	case len(utf16.Encode([]rune(in.Message.Text))) > maxComment:
		failField(w, "FIELD_LENGTH_TOO_LONG", "/message/text", "The comment is longer than 1250 characters")
	default:
		c := s.comment(post, in)
		w.Header().Set("x-restli-id", c.ID)
		send(w, http.StatusCreated, c.describe())
	}
}

// comment puts a comment on record.
func (s *Sim) comment(post string, in commentBody) comment {
	now := s.Now()
	s.State.Seq++
	c := comment{
		ID: strconv.FormatInt(now.UnixMilli()<<22|s.State.Seq&(1<<22-1), 10), Post: post, Actor: in.Actor, Text: in.Message.Text, Time: now,
	}
	s.State.Comments[c.urn()] = c
	s.Publish(platforms.SimPost{
		Platform: id, Account: strings.TrimPrefix(in.Actor, orgPrefix), ID: c.urn(), Text: c.Text, Media: []platforms.SimMedia{},
		Time: now, Kind: platforms.SimComment, Parent: post,
	})
	return c
}

// below lists the comments under a post that were not deleted, oldest first.
func (s *Sim) below(post string) []comment {
	var out []comment
	for _, c := range slices.SortedFunc(maps.Values(s.State.Comments), func(a, b comment) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	}) {
		if record, known := s.Post(id, c.urn()); c.Post == post && known && !record.Deleted {
			out = append(out, c)
		}
	}
	return out
}

// comments is GET /rest/socialActions/{urn}/comments.
func (s *Sim) comments(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n, err := strconv.Atoi(cmp.Or(q.Get("count"), "10"))
	start, err2 := strconv.Atoi(cmp.Or(q.Get("start"), "0"))
	if err != nil || err2 != nil || n < 1 || n > 100 || start < 0 {
		fail(w, http.StatusBadRequest, fault{Code: "PARAM_INVALID", Message: "Invalid query parameters passed to request"})
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	post, ok := s.postOf(w, r)
	if !ok {
		return
	}
	all := slices.DeleteFunc(s.below(post), func(c comment) bool { return !s.Listed(c.Time) })
	elements := []map[string]any{}
	for _, c := range all[min(start, len(all)):min(start+n, len(all))] {
		elements = append(elements, c.describe())
	}
	send(w, http.StatusOK, map[string]any{"elements": elements, "paging": paging(q, n)})
}

// removeComment is DELETE /rest/socialActions/{urn}/comments/{id}?actor=….
func (s *Sim) removeComment(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	post, ok := s.postOf(w, r)
	if !ok {
		return
	}
	c, known := s.State.Comments[comment{ID: r.PathValue("id"), Post: post}.urn()]
	switch {
	case !known:
		notFound(w, r.PathValue("id"))
	case c.Actor != r.URL.Query().Get("actor"):
		denied(w, "partnerApiSocialActions.DELETE")
	default:
		s.MarkDeleted(id, c.urn())
		w.WriteHeader(http.StatusNoContent)
	}
}

// commentViews show the comments below a post.
func (s *Sim) commentViews(r *http.Request, post string) []simkit.PostView {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var out []simkit.PostView
	for _, c := range s.below(post) {
		out = append(out, simkit.PostView{Kind: platforms.SimComment, Parent: address(r, post), Text: c.Text, Time: c.Time})
	}
	return out
}
