package sim

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// TestWhatMetaRefusesIsRefused: a call that would fail at Meta must not work here.
func TestWhatMetaRefusesIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	var made struct{ ID string }
	_, _, body := s.do(http.MethodPost, "/graph/v26.0/1001/feed", token, url.Values{"message": {"Hello"}})
	s.read(body, &made)
	post := "/graph/v26.0/" + made.ID
	for _, tc := range []struct {
		name, method, path string
		form               url.Values
		want               string
	}{
		{"method override", http.MethodPost, "/graph/v26.0/debug_token", url.Values{"method": {"get"}, "input_token": {token}}, `"error_subcode":33`},
		{"method override in an address", http.MethodGet, post, url.Values{"method": {"delete"}}, `"error_subcode":33`},
		{"a look at a token by POST", http.MethodPost, "/graph/v26.0/debug_token", url.Values{"input_token": {token}}, `"error_subcode":33`},
		{"several ids", http.MethodGet, "/graph/v26.0/", url.Values{"ids": {"1001,1002"}}, `"code":100`},
		{"several ids at an edge", http.MethodGet, "/graph/v26.0/published_posts", url.Values{"ids": {"1001"}}, `"code":100`},
		{"alias", http.MethodGet, post, url.Values{"fields": {"reactions.type(LOVE).limit(0).summary(total_count).as(love)"}}, "aliases"},
		{"JSONP", http.MethodGet, post, url.Values{"callback": {"f"}}, "callback"},
		{"date format", http.MethodGet, post, url.Values{"date_format": {"U"}}, "date_format"},
		{"pretty", http.MethodGet, post, url.Values{"pretty": {"1"}}, "pretty"},
		{"batch", http.MethodPost, "/graph/v26.0/me", url.Values{"batch": {"[]"}}, "batch"},

		{"unknown field", http.MethodGet, "/graph/v26.0/1001", url.Values{"fields": {"id,colour"}}, "nonexisting field (colour) on node type (Page)"},
		{"field of another node", http.MethodGet, post, url.Values{"fields": {"followers_count"}}, "nonexisting field (followers_count) on node type (PagePost)"},
		{"tasks on the Page itself", http.MethodGet, "/graph/v26.0/1001", url.Values{"fields": {"tasks"}}, "nonexisting field (tasks)"},
		{"unknown field inside", http.MethodGet, post, url.Values{"fields": {"attachments{target{name}}"}}, "nonexisting field (name) on node type (StoryAttachmentTarget)"},
		{"unknown field in a list", http.MethodGet, "/graph/v26.0/1001/published_posts", url.Values{"fields": {"id,likes"}}, "nonexisting field (likes)"},
		{"fields of a plain value", http.MethodGet, "/graph/v26.0/1001", url.Values{"fields": {"name{first}"}}, "Subfields"},
		{"unknown modifier", http.MethodGet, post, url.Values{"fields": {"reactions.sort(x)"}}, "modifier sort"},
		{"modifier of a plain value", http.MethodGet, post, url.Values{"fields": {"message.limit(1)"}}, "modifier limit"},
		{"unknown reaction", http.MethodGet, post, url.Values{"fields": {"reactions.type(MEH)"}}, "type must be one of"},
		{"unknown summary", http.MethodGet, post, url.Values{"fields": {"comments.summary(likes)"}}, "summary likes"},
		{"too high a limit inside", http.MethodGet, post, url.Values{"fields": {"comments.limit(101)"}}, "limit must be"},
		{"broken fields", http.MethodGet, post, url.Values{"fields": {"comments.limit(0"}}, `"code":2500`},
		{"an open brace", http.MethodGet, post, url.Values{"fields": {"attachments{target"}}, `"code":2500`},
		{"nothing between commas", http.MethodGet, post, url.Values{"fields": {"id,,message"}}, `"code":2500`},
		{"very deep fields", http.MethodGet, post, url.Values{"fields": {strings.Repeat("attachments{", 40)}}, `"code":2500`},

		{"unknown edge", http.MethodGet, "/graph/v26.0/1001/everything", nil, "nonexisting field (everything) on node type (Page)"},
		{"unknown edge of a post", http.MethodGet, post + "/shares", nil, "nonexisting field (shares) on node type (PagePost)"},
		{"unknown edge to write to", http.MethodPost, "/graph/v26.0/1001/everything", url.Values{"x": {"y"}}, "Unsupported post request"},
		{"unknown object", http.MethodGet, "/graph/v26.0/4711", nil, "Unsupported get request"},

		{"unknown parameter", http.MethodGet, "/graph/v26.0/1001", url.Values{"colour": {"red"}}, "Unknown parameter colour"},
		{"unknown parameter of a post", http.MethodPost, "/graph/v26.0/1001/feed", url.Values{"message": {"x"}, "text": {"y"}}, "Unknown parameter text"},
		{"misspelt pictures", http.MethodPost, "/graph/v26.0/1001/feed", url.Values{"message": {"x"}, "attached_medias[0]": {"{}"}}, "Unknown parameter attached_medias[0]"},
		{"a parameter of another call", http.MethodGet, "/graph/v26.0/1001", url.Values{"since": {"1"}}, "Unknown parameter since"},
		{"no boolean", http.MethodPost, "/graph/v26.0/1001/feed", url.Values{"message": {"x"}, "published": {"maybe"}}, "must be a boolean"},
		{"no time", http.MethodGet, "/graph/v26.0/1001/published_posts", url.Values{"since": {"yesterday"}}, "must be a time"},
		{"unknown period", http.MethodGet, post + "/insights", url.Values{"metric": {"post_media_view"}, "period": {"hour"}}, "period must be one of"},
	} {
		status, _, body := s.do(tc.method, tc.path, token, tc.form)
		if status != http.StatusBadRequest || !strings.Contains(body, tc.want) {
			t.Errorf("%s: got %d %s, want %s", tc.name, status, body, tc.want)
		}
	}
	if posts := s.sim.Posts(); len(posts) != 1 {
		t.Errorf("%d posts are public, want the first alone", len(posts))
	}
	for name, form := range map[string]url.Values{
		"grant": {"client_id": {appID}, "client_secret": {secret}, "grant_type": {"password"}},
		"other": {"client_id": {appID}, "client_secret": {secret}, "code": {"x"}, "colour": {"red"}},
	} {
		if status, _, body := s.do(http.MethodPost, "/graph/v26.0/oauth/access_token", "", form); status != http.StatusBadRequest || !strings.Contains(body, "(#100)") {
			t.Errorf("token address, %s: got %d %s", name, status, body)
		}
	}
}

// What was not asked for does not come; what comes unasked is little.
func TestFieldsAreObeyed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	var made struct{ ID string }
	_, _, body := s.do(http.MethodPost, "/graph/v26.0/1001/feed", token, url.Values{"message": {"Hello"}, "link": {"https://a.example/"}})
	s.read(body, &made)
	for _, tc := range []struct{ path, fields, want string }{
		{"1001", "", `{"id":"1001","name":"Riverside FC"}`},
		{"1001", "username", `{"id":"1001","username":"riversidefc"}`},
		{"1001", "instagram_business_account", `{"id":"1001"}`}, // she did not share it
		{made.ID, "", `{"created_time":"2026-11-24T18:30:00+0000","id":"` + made.ID + `","message":"Hello"}`},
		{made.ID, "is_published", `{"id":"` + made.ID + `","is_published":true}`},
		{made.ID, "shares", `{"id":"` + made.ID + `"}`}, // none yet
		{made.ID, "attachments{target,unshimmed_url}", `{"attachments":{"data":[{"target":{"url":"https://a.example/"},"unshimmed_url":"https://a.example/"}]},"id":"` + made.ID + `"}`},
		{made.ID, "attachments.limit(0){url}", `{"attachments":{"data":[]},"id":"` + made.ID + `"}`},
		{made.ID, "comments", `{"comments":{"data":[]},"id":"` + made.ID + `"}`},
		{made.ID, "comments.limit(0).summary(total_count)", `{"comments":{"data":[],"summary":{"total_count":0}},"id":"` + made.ID + `"}`},
		{made.ID, "reactions.type(LOVE).summary(true)", `{"id":"` + made.ID + `","reactions":{"data":[],"summary":{"total_count":0,"viewer_reaction":"NONE"}}}`},
	} {
		form := url.Values{}
		if tc.fields != "" {
			form.Set("fields", tc.fields)
		}
		_, _, body := s.do(http.MethodGet, "/graph/v26.0/"+tc.path, token, form)
		if diff := cmp.Diff(tc.want, body); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tc.path, tc.fields, diff)
		}
	}
	_, _, body = s.do(http.MethodGet, "/graph/v26.0/1001/published_posts", token, url.Values{"fields": {"message"}})
	if want := `{"data":[{"id":"` + made.ID + `","message":"Hello"}]}`; body != want {
		t.Errorf("list: got %s, want %s", body, want)
	}
	_, _, body = s.do(http.MethodPost, "/graph/v26.0/1001/feed", token, url.Values{"message": {"Second"}, "fields": {"permalink_url"}})
	if !strings.Contains(body, `"permalink_url":"`) || strings.Contains(body, "message") {
		t.Errorf("read after write: got %s", body)
	}
}

// Facebook publishes first and looks at the fields afterwards.
func TestAPostIsPublicThoughItsFieldsDoNotExist(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.pageToken()
	armed := platforms.SimFault{Platform: facebook, Operation: "publish", Fault: simkit.MadeInError, Count: 1}
	for n, fields := range []string{"id,attached_media", "id,permalink_url"} {
		if n == 1 {
			if err := s.sim.Fault(armed); err != nil {
				t.Fatal(err)
			}
		}
		status, _, body := s.do(http.MethodPost, "/graph/v26.0/1001/feed", token, url.Values{"message": {"Hello"}, "fields": {fields}})
		posts := s.sim.Posts()
		if status != http.StatusBadRequest || len(posts) != n+1 || !strings.Contains(body, `"original_response":{"id":"`+posts[n].ID+`"`) {
			t.Errorf("%s: got %d %s, %d posts are public", fields, status, body, len(posts))
		}
	}
}

// photo sends a picture to the first Page.
func (s *site) photo(token, part string, data []byte) (int, string) {
	s.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("published", "false")
	file, err := w.CreateFormFile(part, "ball.png")
	if err != nil {
		s.Fatal(err)
	}
	_, _ = file.Write(data)
	_ = w.Close()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url+"/graph/v26.0/1001/photos", &b)
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	_, _ = body.ReadFrom(resp.Body)
	return resp.StatusCode, body.String()
}

func TestUploadsWithoutATokenAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.pageToken()
	for token, want := range map[string]string{"": `"code":2500`, "EAABunknown": `"code":190`, appID + "|wrong": `"code":190`, appID + "|" + secret: `"code":200`} {
		if status, body := s.photo(token, "source", []byte("x")); status != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("token %q: got %d %s, want %s", token, status, body, want)
		}
	}
	if n := len(s.sim.State.Photos); n != 0 {
		t.Errorf("%d photos were taken", n)
	}
}

// TestWhatInstagramRefusesIsRefused is the same for accounts, containers and media.
func TestWhatInstagramRefusesIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.accountToken()
	const account = "/graph/v26.0/17841400000000001"
	s.sim.Mu.Lock()
	s.sim.State.Containers["1781"] = &container{ID: "1781", Account: "17841400000000001", Made: start, Ready: start}
	s.sim.State.Media["1791"] = &media{ID: "1791", Account: "17841400000000001", Containers: []string{"1781"}, Made: start}
	s.sim.Mu.Unlock()
	for _, tc := range []struct {
		name, method, path string
		form               url.Values
		want               string
	}{
		{"unknown field of the account", http.MethodGet, account, url.Values{"fields": {"account_type"}}, "nonexisting field (account_type) on node type (ShadowIGUser)"},
		{"unknown field of a container", http.MethodGet, "/graph/v26.0/1781", url.Values{"fields": {"status_code,permalink"}}, "nonexisting field (permalink)"},
		{"unknown field of media", http.MethodGet, "/graph/v26.0/1791", url.Values{"fields": {"likes"}}, "nonexisting field (likes) on node type (ShadowIGMedia)"},
		{"unknown field in the list", http.MethodGet, account + "/media", url.Values{"fields": {"message"}}, "nonexisting field (message)"},
		{"unknown field of the limit", http.MethodGet, account + "/content_publishing_limit", url.Values{"fields": {"quota"}}, "nonexisting field (quota)"},
		{"unknown field inside the limit", http.MethodGet, account + "/content_publishing_limit", url.Values{"fields": {"config{max}"}}, "nonexisting field (max)"},
		{"unknown edge", http.MethodGet, account + "/feed", nil, "nonexisting field (feed)"},
		{"edge of a container", http.MethodGet, "/graph/v26.0/1781/insights", nil, "nonexisting field (insights)"},
		{"unknown edge to write to", http.MethodPost, account + "/photos", nil, "Unsupported post request"},
		{"unknown media type", http.MethodPost, account + "/media", url.Values{"media_type": {"PHOTO"}}, "2207023"},
		{"no picture", http.MethodPost, account + "/media", url.Values{"caption": {"x"}}, "image_url is required"},
		{"no boolean", http.MethodPost, account + "/media", url.Values{"image_url": {"https://a.example/a.jpg"}, "is_carousel_item": {"yes"}}, "must be a boolean"},
		{"misspelt caption", http.MethodPost, account + "/media", url.Values{"image_url": {"https://a.example/a.jpg"}, "text": {"x"}}, "Unknown parameter text"},
		{"caption at publishing", http.MethodPost, account + "/media_publish", url.Values{"creation_id": {"1781"}, "caption": {"x"}}, "Unknown parameter caption"},
		{"nothing to publish", http.MethodPost, account + "/media_publish", nil, "creation_id is required"},
		{"dead metric", http.MethodGet, "/graph/v26.0/1791/insights", url.Values{"metric": {"views,impressions"}}, "impressions"},
		{"no metric", http.MethodGet, "/graph/v26.0/1791/insights", nil, "3001"},
		{"unknown period", http.MethodGet, "/graph/v26.0/1791/insights", url.Values{"metric": {"views"}, "period": {"year"}}, "period must be one of"},
		{"a write to a post", http.MethodPost, "/graph/v26.0/1791", url.Values{"caption": {"x"}}, "Unsupported post request"},
	} {
		status, _, body := s.do(tc.method, tc.path, token, tc.form)
		if status != http.StatusBadRequest || !strings.Contains(body, tc.want) {
			t.Errorf("%s: got %d %s, want %s", tc.name, status, body, tc.want)
		}
	}
	if posts := s.sim.Posts(); len(posts) != 0 {
		t.Errorf("%d posts are public, want none", len(posts))
	}
	for path, want := range map[string]string{
		account: `{"id":"17841400000000001"}`, "/graph/v26.0/1781": `{"id":"1781"}`, "/graph/v26.0/1791": `{"id":"1791"}`,
		account + "/content_publishing_limit": `{"data":[{"quota_usage":1}]}`, account + "/media": `{"data":[{"id":"1791"}]}`,
	} {
		if _, _, body := s.do(http.MethodGet, path, token, nil); body != want {
			t.Errorf("%s unasked: got %s, want %s", path, body, want)
		}
	}
}

// accountToken is a token of the first Page that may act for its account.
func (s *site) accountToken() string {
	s.Helper()
	s.pageToken()
	s.sim.Mu.Lock()
	defer s.sim.Mu.Unlock()
	person := &token{
		Kind: tokenUser, App: appID, Long: true, Issued: start, Shared: []string{"1001", "17841400000000001"},
		Scopes: []string{"instagram_basic", "instagram_content_publish", "instagram_manage_insights"},
	}
	return s.sim.pageToken(findPage("1001"), person)
}

// FuzzFields: whatever stands in the parameter, it is read or refused, and what
// was read is checked against every kind of object.
func FuzzFields(f *testing.F) {
	for _, s := range []string{
		"id", "id,message", "attachments{target{id},subattachments.limit(20){target{id}}}", "reactions.limit(0).summary(total_count)",
		"", ",", "{", "}", "a.", "a.b", "a.b(", "a.b()", "a{b}c", "reactions.as(x)", strings.Repeat("a{", 9) + strings.Repeat("}", 9),
	} {
		f.Add(s)
	}
	object := map[string]any{"id": "1", "message": "Hello", "attachments": map[string]any{"data": []map[string]any{{"target": map[string]any{"id": "2"}}}}}
	f.Fuzz(func(t *testing.T, s string) {
		wants, no := readFields(s)
		if no != nil {
			return
		}
		for _, n := range []*node{postNode, pageNode, accountNode, mediaNode, containerNode, limitNode} {
			if n.check(wants) == nil {
				if got := n.pick(object, wants); len(got) > len(wants)+1 {
					t.Errorf("%q gives %v", s, got)
				}
			}
		}
	})
}
