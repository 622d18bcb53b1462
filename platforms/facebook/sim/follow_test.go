package sim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// fullToken is a token of the first Page with every permission.
func (s *site) fullToken() string {
	s.Helper()
	raw := s.pageToken()
	for _, sc := range scopes {
		if t := s.sim.State.Tokens[raw]; !t.may(sc.name) {
			t.Scopes = append(t.Scopes, sc.name)
		}
	}
	t := s.sim.State.Tokens[raw]
	t.Shared, t.Expires = []string{"1001", "17841400000000001"}, time.Time{}
	return raw
}

// TestCommentsAreRefusedAsMetaRefusesThem: by permission, by what is said, and where
// the post is not there any more.
func TestCommentsAreRefusedAsMetaRefusesThem(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.fullToken()
	var made struct{ ID string }
	_, _, body := s.do(http.MethodPost, "/graph/v26.0/1001/feed", token, url.Values{"message": {"Trials"}})
	s.read(body, &made)
	edge := "/graph/v26.0/" + made.ID + "/comments"
	refused := func(what, method, path, token, want string, form url.Values) {
		t.Helper()
		if status, _, body := s.do(method, path, token, form); status != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %s, want %s", what, status, body, want)
		}
	}
	says := func(text string) url.Values { return url.Values{"message": {text}} }
	refused("no permission", http.MethodPost, edge, s.pageToken(), `"code":200`, says("Sign up"))
	refused("nothing said", http.MethodPost, edge, token, `"code":100`, url.Values{})
	refused("too long", http.MethodPost, edge, token, "too long", says(strings.Repeat("a", 8001)))
	refused("unknown order", http.MethodGet, edge, token, "Param order must be one of", url.Values{"order": {"ranked"}})
	refused("unknown filter", http.MethodGet, edge, token, "Param filter must be one of", url.Values{"filter": {"all"}})
	refused("unknown edge", http.MethodPost, "/graph/v26.0/"+made.ID+"/everything", token, `"error_subcode":33`, says("x"))

	var comment struct{ ID string }
	status, _, body := s.do(http.MethodPost, edge, token, url.Values{"message": {"Sign up"}, "fields": {"id,permalink_url"}})
	s.read(body, &comment)
	if status != http.StatusOK || !strings.Contains(body, `/www/`+comment.ID) {
		t.Fatalf("comment: %d %s", status, body)
	}
	posts := s.sim.Posts()
	if p := posts[len(posts)-1]; p.Kind != platforms.SimComment || p.Parent != made.ID || p.ID != comment.ID || p.Text != "Sign up" {
		t.Errorf("on record: %+v", p)
	}
	_, _, body = s.do(http.MethodGet, edge, token, url.Values{"fields": {"id,from{id},message"}})
	if want := `{"data":[{"from":{"id":"1001"},"id":"` + comment.ID + `","message":"Sign up"}]}`; strings.TrimSpace(body) != want {
		t.Errorf("list: %s, want %s", body, want)
	}
	if _, _, body = s.do(http.MethodGet, edge, s.pageToken(), url.Values{"fields": {"from,message"}}); strings.Contains(body, "from") {
		t.Errorf("who wrote it is told to all: %s", body)
	}
	s.sim.MarkDeleted(facebook, comment.ID)
	if _, _, body = s.do(http.MethodGet, edge, token, nil); !strings.Contains(body, `"data":[]`) {
		t.Errorf("a deleted comment is listed: %s", body)
	}
	s.sim.MarkDeleted(facebook, made.ID)
	refused("deleted post, to write", http.MethodPost, edge, token, `"error_subcode":33`, says("Sign up"))
	refused("deleted post, to read", http.MethodGet, edge, token, `"error_subcode":33`, nil)
	if _, _, body = s.do(http.MethodGet, "/graph/v26.0/1001/published_posts", token, nil); strings.Contains(body, made.ID) {
		t.Errorf("a deleted post is listed: %s", body)
	}
}

// TestStoryOfAPhotoThatWasPostedIsRefused: Meta wants one that no post has shown.
func TestStoryOfAPhotoThatWasPostedIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.fullToken()
	s.sim.State.Photos["7"] = &photo{ID: "7", Page: "1001", Made: start}
	s.sim.State.Photos["8"] = &photo{ID: "8", Page: "1001", Made: start.Add(-photoLife - 1)}
	for _, tc := range []struct {
		photo, want string
		status      int
	}{
		{"", "The parameter photo_id is required", 400},
		{"9", "Invalid photo_id", 400},
		{"8", "Invalid photo_id", 400}, // older than a day, and no post shows it
		{"7", `"success":true`, 200},
		{"7", "1366051", 400},
	} {
		form := url.Values{}
		if tc.photo != "" {
			form.Set("photo_id", tc.photo)
		}
		status, _, body := s.do(http.MethodPost, "/graph/v26.0/1001/photo_stories", token, form)
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("photo %q: got %d %s, want %d %s", tc.photo, status, body, tc.status, tc.want)
		}
	}
	_, _, body := s.do(http.MethodGet, "/graph/v26.0/1001/stories", token, nil)
	if !strings.Contains(body, `"media_id":"7"`) || !strings.Contains(body, `"creation_time":"1795545000"`) {
		t.Errorf("list: %s", body)
	}
	s.sim.Advance(storyLife)
	if _, _, body = s.do(http.MethodGet, "/graph/v26.0/1001/stories", token, nil); !strings.Contains(body, `"data":[]`) {
		t.Errorf("after a day: %s", body)
	}
	if n := len(s.sim.Posts()); n != 1 {
		t.Errorf("%d posts are on record, want 1", n)
	}
}

// TestStoriesOfAnAccountAreInAListOfTheirOwn: they are no posts of its feed, and take
// no comments.
func TestStoriesOfAnAccountAreInAListOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.fullToken()
	for _, id := range []string{"1791", "1792"} {
		s.sim.Publish(platforms.SimPost{Platform: instagram, ID: id})
	}
	s.sim.State.Media["1791"] = &media{ID: "1791", Account: "17841400000000001", Made: start, Story: true}
	s.sim.State.Media["1792"] = &media{ID: "1792", Account: "17841400000000001", Made: start}
	for path, want := range map[string]string{
		"17841400000000001/stories": `{"data":[{"id":"1791"}]}`, "17841400000000001/media": `{"data":[{"id":"1792"}]}`,
		"17841400000000001?fields=media_count": `{"id":"17841400000000001","media_count":1}`,
		"1791?fields=media_product_type":       `{"id":"1791","media_product_type":"STORY"}`,
	} {
		path, fields, _ := strings.Cut(path, "?fields=")
		form := url.Values{}
		if fields != "" {
			form.Set("fields", fields)
		}
		if _, _, body := s.do(http.MethodGet, "/graph/v26.0/"+path, token, form); strings.TrimSpace(body) != want {
			t.Errorf("%s: got %s, want %s", path, body, want)
		}
	}
	if status, _, body := s.do(http.MethodPost, "/graph/v26.0/1791/comments", token, url.Values{"message": {"x"}}); status != http.StatusBadRequest {
		t.Errorf("a comment on a story: %d %s", status, body)
	}
	s.sim.Advance(storyLife)
	if _, _, body := s.do(http.MethodGet, "/graph/v26.0/1791/insights", token, url.Values{"metric": {"reach"}}); !strings.Contains(body, `"data":[]`) {
		t.Errorf("numbers of a story after a day: %s", body)
	}
}
