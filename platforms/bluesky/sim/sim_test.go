package sim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/bluesky/sim"
)

// world is a simulator and somebody signed in.
type world struct {
	*testing.T
	sim *sim.Sim
	now time.Time
	did string
	tok string // access
	ref string // refresh
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	w.sim = sim.New(platforms.SimEnv{Now: func() time.Time { return w.now }, BaseURL: "http://sandbox.test"}).(*sim.Sim)
	_, s := w.post("com.atproto.server.createSession", `{"identifier":"riversidefc.test","password":"abcd-efgh-ijkl-mnop"}`)
	w.did, w.tok, w.ref = s["did"].(string), s["accessJwt"].(string), s["refreshJwt"].(string)
	return w
}

func (w *world) do(method, path, body, token string) (int, map[string]any) {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, r)
	var out map[string]any
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			w.Fatalf("%s: %v: %s", path, err, rec.Body)
		}
	}
	return rec.Code, out
}

func (w *world) post(method, body string) (int, map[string]any) {
	w.Helper()
	return w.do(http.MethodPost, "/xrpc/"+method, body, w.tok)
}

func (w *world) get(path string) (int, map[string]any) {
	w.Helper()
	return w.do(http.MethodGet, path, "", "")
}

const rkey = "3kzzzzzzzzz22"

func (w *world) write(method, rkey, text, swap string) (int, map[string]any) {
	w.Helper()
	body := `{"repo":"` + w.did + `","collection":"app.bsky.feed.post","rkey":"` + rkey + `",` + swap + `
		"record":{"$type":"app.bsky.feed.post","text":"` + text + `","createdAt":"2026-11-24T12:00:00.000Z"}}`
	return w.post("com.atproto.repo."+method, body)
}

// TestRecordShowsTheLanguageOfAPost, which nobody could see there.
func TestRecordShowsTheLanguageOfAPost(t *testing.T) {
	t.Parallel()
	w := start(t)
	status, got := w.post("com.atproto.repo.createRecord", `{"repo":"`+w.did+`","collection":"app.bsky.feed.post",
		"record":{"$type":"app.bsky.feed.post","text":"Ymarfer","langs":["cy"],"createdAt":"2026-11-24T12:00:00.000Z"}}`)
	posts := w.sim.Posts()
	if status != 200 || len(posts) != 1 || len(posts[0].Langs) != 1 || posts[0].Langs[0] != "cy" {
		t.Errorf("%d %v: %+v, want one post in Welsh", status, got, posts)
	}
}

func TestPuttingARecord(t *testing.T) {
	t.Parallel()
	w := start(t)
	const none = `"swapRecord":null,`
	status, first := w.write("putRecord", rkey, "one", none)
	if status != 200 || first["commit"] == nil || first["uri"] != "at://"+w.did+"/app.bsky.feed.post/"+rkey {
		t.Fatalf("first: %d %v", status, first)
	}
	status, same := w.write("putRecord", rkey, "one", none)
	if status != 200 || same["commit"] != nil || same["cid"] != first["cid"] {
		t.Errorf("same again: %d %v", status, same)
	}
	status, other := w.write("putRecord", rkey, "two", none)
	if want := "Record was at " + first["cid"].(string); status != 400 || other["error"] != "InvalidSwap" || other["message"] != want {
		t.Errorf("other content: %d %v, want %q", status, other, want)
	}
	status, wrong := w.write("putRecord", "3kzzzzzzzzz23", "two", `"swapRecord":"bafyreia",`)
	if status != 400 || wrong["message"] != "Record was at null" {
		t.Errorf("swap of what is not there: %d %v", status, wrong)
	}
	status, used := w.write("createRecord", rkey, "two", "")
	if status != 500 || used["error"] != "InternalServerError" {
		t.Errorf("create on a used key: %d %v", status, used)
	}
	status, made := w.write("createRecord", "", "three", "")
	if status != 200 || made["uri"] == first["uri"] {
		t.Errorf("create without a key: %d %v", status, made)
	}
	status, edited := w.write("putRecord", rkey, "edited", "")
	if status != 200 || edited["cid"] == first["cid"] {
		t.Errorf("put without swap: %d %v", status, edited)
	}
	var texts []string
	for _, p := range w.sim.Posts() {
		texts = append(texts, p.Text)
	}
	if diff := cmp.Diff([]string{"one", "three"}, texts); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestDeletingIsMarkedAndTwiceIsFine(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.write("putRecord", rkey, "one", "")
	body := `{"repo":"` + w.did + `","collection":"app.bsky.feed.post","rkey":"` + rkey + `"}`
	if status, got := w.post("com.atproto.repo.deleteRecord", body); status != 200 || got["commit"] == nil {
		t.Errorf("delete: %d %v", status, got)
	}
	if status, got := w.post("com.atproto.repo.deleteRecord", body); status != 200 || len(got) != 0 {
		t.Errorf("delete again: %d %v", status, got)
	}
	if p := w.sim.Posts(); len(p) != 1 || !p[0].Deleted {
		t.Errorf("record %+v", p)
	}
	uri := "at://" + w.did + "/app.bsky.feed.post/" + rkey
	if _, got := w.get("/appview/xrpc/app.bsky.feed.getPosts?uris=" + uri); len(got["posts"].([]any)) != 0 {
		t.Errorf("view of a deleted post: %v", got)
	}
	status, got := w.get("/xrpc/com.atproto.repo.getRecord?repo=" + w.did + "&collection=app.bsky.feed.post&rkey=" + rkey)
	if status != 400 || got["error"] != "RecordNotFound" {
		t.Errorf("read of a deleted post: %d %v", status, got)
	}
}

func TestRefusalsAreInTheWordsOfARealServer(t *testing.T) {
	t.Parallel()
	w := start(t)
	const invalid = "Invalid app.bsky.feed.post record: "
	for name, c := range map[string]struct {
		record, error, message string
	}{
		"no text":      {`{"createdAt":"2026-11-24T12:00:00Z"}`, "InvalidRequest", invalid + `Missing required key "text" at $.record`},
		"long":         {`{"text":"` + strings.Repeat("a", 301) + `","createdAt":"2026-11-24T12:00:00Z"}`, "InvalidRequest", invalid + "grapheme too big (maximum 300, got 301) at $.record.text"},
		"bytes":        {`{"text":"` + strings.Repeat("\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466", 120) + `a","createdAt":"2026-11-24T12:00:00Z"}`, "InvalidRequest", invalid + "string too big (maximum 3000, got 3001) at $.record.text"},
		"date":         {`{"text":"a","createdAt":"x"}`, "InvalidRequest", invalid + `Invalid datetime (got "x") at $.record.createdAt`},
		"langs":        {`{"text":"a","createdAt":"2026-11-24T12:00:00Z","langs":["a!"]}`, "InvalidRequest", invalid + `Invalid language (got "a!") at $.record.langs[0]`},
		"many langs":   {`{"text":"a","createdAt":"2026-11-24T12:00:00Z","langs":["en","de","fr","it"]}`, "InvalidRequest", invalid + "array too big (maximum 3, got 4) at $.record.langs"},
		"mention":      {`{"text":"a","createdAt":"2026-11-24T12:00:00Z","facets":[{"index":{"byteStart":0,"byteEnd":1},"features":[{"$type":"app.bsky.richtext.facet#mention","did":"nope"}]}]}`, "InvalidRequest", invalid + `Invalid DID (got "nope") at $.record.facets[0].features[0].did`},
		"blob":         {`{"text":"a","createdAt":"2026-11-24T12:00:00Z","embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","image":{"$type":"blob","ref":{"$link":"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"},"mimeType":"image/png","size":1}}]}}`, "BlobNotFound", "Could not find blob: bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"},
		"big blob":     {`{"text":"a","createdAt":"2026-11-24T12:00:00Z","embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","image":{"$type":"blob","ref":{"$link":"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"},"mimeType":"image/png","size":2000001}}]}}`, "InvalidRequest", invalid + "blob too big (maximum 2000000, got 2000001) at $.record.embed.images[0].image"},
		"no alt":       {`{"text":"a","createdAt":"2026-11-24T12:00:00Z","embed":{"$type":"app.bsky.embed.images","images":[{"image":{"$type":"blob"}}]}}`, "InvalidRequest", invalid + `Missing required key "alt" at $.record.embed.images[0]`},
		"flat":         {`{"text":"a","createdAt":"2026-11-24T12:00:00Z","embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","image":{"$type":"blob","ref":{"$link":"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"},"mimeType":"image/png","size":1},"aspectRatio":{"width":0,"height":1}}]}}`, "InvalidRequest", invalid + "integer too small (minimum 1, got 0) at $.record.embed.images[0].aspectRatio.width"},
		"card":         {`{"text":"a","createdAt":"2026-11-24T12:00:00Z","embed":{"$type":"app.bsky.embed.external","external":{"uri":"not a uri","title":"","description":""}}}`, "InvalidRequest", invalid + `Invalid uri (got "not a uri") at $.record.embed.external.uri`},
		"not a record": {`[]`, "InvalidRequest", "Expected object value type (got []) at $.record"},
		"nothing":      {`null`, "InvalidRequest", "Expected object value type (got null) at $.record"},
	} {
		body := `{"repo":"` + w.did + `","collection":"app.bsky.feed.post","rkey":"` + rkey + `","record":` + c.record + `}`
		status, got := w.post("com.atproto.repo.putRecord", body)
		if status != 400 || got["error"] != c.error || got["message"] != c.message {
			t.Errorf("%s: %d %v, want %s %q", name, status, got, c.error, c.message)
		}
	}
	for _, c := range []struct {
		repo, rkey, token string
		status            int
		error             string
	}{
		{w.did, "hello", w.tok, 400, "InvalidRequest"},
		{"oldtownchoir.test", rkey, w.tok, 401, "AuthenticationRequired"},
		{"did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", rkey, w.tok, 403, "AccountNotFound"},
		{w.did, rkey, "", 401, "AuthMissing"},
		{w.did, rkey, "abc", 400, "InvalidToken"},
		{w.did, rkey, w.ref, 400, "InvalidToken"},
	} {
		body := `{"repo":"` + c.repo + `","collection":"app.bsky.feed.post","rkey":"` + c.rkey + `","record":{"text":"a","createdAt":"2026-11-24T12:00:00Z"}}`
		if status, got := w.do(http.MethodPost, "/xrpc/com.atproto.repo.putRecord", body, c.token); status != c.status || got["error"] != c.error {
			t.Errorf("%+v: %d %v", c, status, got)
		}
	}
	if n := len(w.sim.Posts()); n != 0 {
		t.Errorf("%d posts were accepted", n)
	}
}

func TestUploadsAreSniffedAndLimited(t *testing.T) {
	t.Parallel()
	w := start(t)
	upload := func(data []byte, typ string) (int, map[string]any) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/xrpc/com.atproto.repo.uploadBlob", bytes.NewReader(data))
		r.Header.Set("Authorization", "Bearer "+w.tok)
		if typ != "" {
			r.Header.Set("Content-Type", typ)
		}
		rec := httptest.NewRecorder()
		w.sim.ServeHTTP(rec, r)
		var out map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return rec.Code, out
	}
	png := []byte("\x89PNG\r\n\x1a\n0000")
	status, got := upload(png, "image/jpeg")
	if b, _ := got["blob"].(map[string]any); status != 200 || b["mimeType"] != "image/png" || b["size"] != float64(len(png)) {
		t.Errorf("PNG sent as JPEG: %d %v", status, got)
	}
	status, got = upload([]byte("hello world"), "image/jpeg")
	if b, _ := got["blob"].(map[string]any); status != 200 || b["mimeType"] != "image/jpeg" {
		t.Errorf("text sent as JPEG: %d %v", status, got)
	}
	if status, got = upload(png, ""); status != 400 || got["error"] != "InvalidRequest" {
		t.Errorf("no type: %d %v", status, got)
	}
	if status, got = upload(make([]byte, 5<<20+1), "image/png"); status != 413 || got["error"] != "PayloadTooLarge" {
		t.Errorf("more than 5 MiB: %d %v", status, got)
	}
}

func TestRefreshingRotatesWithGrace(t *testing.T) {
	t.Parallel()
	w := start(t)
	refresh := func(token string) (int, map[string]any) {
		return w.do(http.MethodPost, "/xrpc/com.atproto.server.refreshSession", "", token)
	}
	_, first := refresh(w.ref)
	w.now = w.now.Add(2 * time.Hour)
	if _, again := refresh(w.ref); again["refreshJwt"] != first["refreshJwt"] || again["accessJwt"] == first["accessJwt"] {
		t.Errorf("within the grace the successor is another one")
	}
	w.now = w.now.Add(time.Second)
	if status, got := refresh(w.ref); status != 400 || got["error"] != "ExpiredToken" {
		t.Errorf("after the grace: %d %v", status, got)
	}
	if status, got := w.do(http.MethodGet, "/xrpc/com.atproto.server.getSession", "", w.tok); status != 400 || got["error"] != "ExpiredToken" {
		t.Errorf("access after two hours: %d %v", status, got)
	}
	next := first["refreshJwt"].(string)
	if status, _ := w.do(http.MethodPost, "/xrpc/com.atproto.server.deleteSession", "", next); status != 200 {
		t.Errorf("delete: %d", status)
	}
	if status, got := refresh(next); status != 400 || got["error"] != "ExpiredToken" {
		t.Errorf("after disconnecting: %d %v", status, got)
	}
}

func TestPagesShowAccountsPostsAndPictures(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.write("putRecord", rkey, "Come & see", "")
	page := func(path string) (int, string) {
		rec := httptest.NewRecorder()
		w.sim.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return rec.Code, rec.Body.String()
	}
	for _, path := range []string{"/web/profile/riversidefc.test", "/web/profile/" + w.did + "/post/" + rkey} {
		if status, body := page(path); status != 200 || !strings.Contains(body, "Come &amp; see") || !strings.Contains(body, "Riverside FC") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, path := range []string{"/web/profile/nobody.test", "/web/profile/riversidefc.test/post/3kzzzzzzzzz99", "/web/blob/00", "/web/blob/zz"} {
		if status, _ := page(path); status != 404 {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

// TestABlobThatNoRecordTookIsGoneAfterAnHour, and one that a post shows stays.
func TestABlobThatNoRecordTookIsGoneAfterAnHour(t *testing.T) {
	t.Parallel()
	w := start(t)
	upload := func(n byte) string {
		t.Helper()
		img := image.NewGray(image.Rect(0, 0, 40, 30))
		img.Pix[0] = n * 50
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		status, got := w.post("com.atproto.repo.uploadBlob", b.String())
		blob, err := json.Marshal(got["blob"])
		if status != http.StatusOK || err != nil {
			t.Fatalf("%d %v %v", status, got, err)
		}
		return string(blob)
	}
	show := func(blob string) int {
		t.Helper()
		status, _ := w.post("com.atproto.repo.createRecord", `{"repo":"`+w.did+`","collection":"app.bsky.feed.post","record":{"$type":"app.bsky.feed.post","text":"a",
			"createdAt":"2026-11-24T12:00:00.000Z","embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","image":`+blob+`}]}}}`)
		return status
	}
	shown, early, late := upload(1), upload(2), upload(3)
	if status := show(shown); status != http.StatusOK {
		t.Fatalf("a post answered %d", status)
	}
	w.now = w.now.Add(59 * time.Minute)
	if status := show(early); status != http.StatusOK {
		t.Errorf("within the hour it answered %d", status)
	}
	w.now = w.now.Add(2 * time.Minute)
	if status := show(late); status != http.StatusBadRequest {
		t.Errorf("after the hour it answered %d", status)
	}
	for range 3 {
		w.now = w.now.Add(time.Hour)
		w.get("/xrpc/com.atproto.identity.resolveHandle?handle=riversidefc.test")
	}
	for _, p := range w.sim.Posts() {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/web/blob/"+p.Media[0].SHA256, nil)
		rec := httptest.NewRecorder()
		if w.sim.ServeHTTP(rec, r); rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "image/jpeg" {
			t.Errorf("the picture of a post answers %d as %s", rec.Code, rec.Header().Get("Content-Type"))
		}
	}
}

// TestOnlyTheNewestPostsAreKept with their records and pictures: the state does
// not grow with what was published.
func TestOnlyTheNewestPostsAreKept(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.sim.KeepPosts(20)
	size := func() int {
		t.Helper()
		for range 130 { // often enough to be tidied
			w.get("/xrpc/com.atproto.identity.resolveHandle?handle=riversidefc.test")
		}
		b, err := w.sim.Save()
		if err != nil {
			t.Fatal(err)
		}
		return len(b)
	}
	publish := func(n int) {
		t.Helper()
		for i := range n {
			w.now = w.now.Add(time.Second)
			if status, got := w.write("createRecord", "", fmt.Sprintf("post %03d", i), ""); status != http.StatusOK {
				t.Fatalf("%d %v", status, got)
			}
		}
	}
	publish(40)
	before := size()
	publish(400)
	if after := size(); after > before+before/10 {
		t.Errorf("the state grew from %d to %d bytes", before, after)
	}
}

// TestRecordsAreCheckedByTheLexicon: what a real server refuses is refused, and
// what it keeps without a word is kept (make test-pds asks one).
func TestRecordsAreCheckedByTheLexicon(t *testing.T) {
	t.Parallel()
	w := start(t)
	picture := w.upload("image/png", drawn(t))
	words := w.upload("text/plain", "hello")
	with := func(fields string) string {
		return `{"$type":"app.bsky.feed.post","text":"a","createdAt":"2026-11-24T12:00:00.000Z"` + fields + `}`
	}
	images := func(blob, more string) string {
		return with(`,"embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","image":` + blob + more + `}]}`)
	}
	facet := func(index, feature string) string {
		return with(`,"facets":[{"index":` + index + `,"features":[` + feature + `]}]`)
	}
	changed := func(old, new string) string { return strings.Replace(picture, old, new, 1) }
	const here, tag = `{"byteStart":0,"byteEnd":1}`, `{"$type":"app.bsky.richtext.facet#tag","tag":"a"}`
	for name, c := range map[string]struct{ record, error string }{
		"as it should be":            {with(``), ""},
		"with a picture":             {images(picture, ``), ""},
		"field misspelled":           {with(`,"lang":["en"]`), ""},
		"embed of another kind":      {with(`,"embed":{"$type":"org.example.embed"}`), ""},
		"feature of another kind":    {facet(here, `{"$type":"org.example.feature"}`), ""},
		"facet beyond the text":      {facet(`{"byteStart":90,"byteEnd":10}`, tag), ""},
		"of another type":            {strings.Replace(with(``), "feed.post", "feed.like", 1), "InvalidRequest"},
		"text is a number":           {strings.Replace(with(``), `"a"`, `1`, 1), "InvalidRequest"},
		"languages are a text":       {with(`,"langs":"en"`), "InvalidRequest"},
		"language of another form":   {with(`,"langs":["en_GB"]`), "InvalidRequest"},
		"nine tags":                  {with(`,"tags":["a","b","c","d","e","f","g","h","i"]`), "InvalidRequest"},
		"embed without a type":       {with(`,"embed":{"images":[]}`), "InvalidRequest"},
		"embed is a text":            {with(`,"embed":"app.bsky.embed.images"`), "InvalidRequest"},
		"facet without a place":      {with(`,"facets":[{"features":[` + tag + `]}]`), "InvalidRequest"},
		"facet before the text":      {facet(`{"byteStart":-1,"byteEnd":1}`, tag), "InvalidRequest"},
		"facet of half bytes":        {facet(`{"byteStart":0.5,"byteEnd":1}`, tag), "InvalidRequest"},
		"facet without an end":       {facet(`{"byteStart":0}`, tag), "InvalidRequest"},
		"place misspelled":           {facet(`{"start":0,"end":1}`, tag), "InvalidRequest"},
		"feature without a type":     {facet(here, `{"tag":"a"}`), "InvalidRequest"},
		"feature misspelled":         {facet(here, `{"$type":"app.bsky.richtext.facet#link","url":"https://a.org"}`), "InvalidRequest"},
		"address without a scheme":   {facet(here, `{"$type":"app.bsky.richtext.facet#link","uri":"a.org"}`), "InvalidRequest"},
		"picture is a text":          {images(`"x"`, ``), "InvalidRequest"},
		"picture without its size":   {images(changed(`"size"`, `"bytes"`), ``), "InvalidRequest"},
		"picture of another type":    {images(changed(`"blob"`, `"image"`), ``), "InvalidRequest"},
		"picture that is a film":     {images(changed(`image/png`, `video/mp4`), ``), "InvalidRequest"},
		"picture of another kind":    {images(changed(`image/png`, `image/jpeg`), ``), "InvalidMimeType"},
		"words instead of a picture": {images(words, ``), "InvalidRequest"},
		"half a shape":               {images(picture, `,"aspectRatio":{"width":1}`), "InvalidRequest"},
		"description misspelled":     {strings.Replace(images(picture, ``), `"alt"`, `"altText"`, 1), "InvalidRequest"},
		"card without a title":       {with(`,"embed":{"$type":"app.bsky.embed.external","external":{"uri":"https://a.org","description":""}}`), "InvalidRequest"},
	} {
		body := `{"repo":"` + w.did + `","collection":"app.bsky.feed.post","validate":true,"record":` + c.record + `}`
		status, got := w.post("com.atproto.repo.createRecord", body)
		if c.error == "" && status != 200 || c.error != "" && (status != 400 || got["error"] != c.error) {
			t.Errorf("%s: %d %v, want %q", name, status, got, c.error)
		}
		w.now = w.now.Add(time.Second)
	}
	for name, body := range map[string]string{
		"no key":             `{"repo":"` + w.did + `","collection":"app.bsky.feed.post","record":` + with(``) + `}`,
		"no record":          `{"repo":"` + w.did + `","collection":"app.bsky.feed.post","rkey":"` + rkey + `"}`,
		"no repository":      `{"collection":"app.bsky.feed.post","rkey":"` + rkey + `","record":` + with(``) + `}`,
		"unknown collection": `{"repo":"` + w.did + `","collection":"app.bsky.feed.posts","rkey":"` + rkey + `","validate":true,"record":{"$type":"app.bsky.feed.posts"}}`,
		"validate in words":  `{"repo":"` + w.did + `","collection":"app.bsky.feed.post","rkey":"` + rkey + `","validate":"yes","record":` + with(``) + `}`,
	} {
		if status, got := w.post("com.atproto.repo.putRecord", body); status != 400 || got["error"] != "InvalidRequest" {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if status, got := w.do(http.MethodPost, "/xrpc/com.atproto.repo.uploadBlob", "x", ""); status != 401 || got["error"] != "AuthMissing" {
		t.Errorf("upload without a token: %d %v", status, got)
	}
}

// TestReadersSeeWhatIsInItsPlace: the server keeps a link beyond the text and an
// embed of a type that nobody knows; readers see neither.
func TestReadersSeeWhatIsInItsPlace(t *testing.T) {
	t.Parallel()
	w := start(t)
	picture := w.upload("image/png", drawn(t))
	for _, c := range []struct {
		fields, link string
		pictures     int
	}{
		{`"facets":[{"index":{"byteStart":3,"byteEnd":8},"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://a.org"}]}]`, "https://a.org", 0},
		{`"facets":[{"index":{"byteStart":3,"byteEnd":9},"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://a.org"}]}]`, "", 0},
		{`"facets":[{"index":{"byteStart":1,"byteEnd":8},"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://a.org"}]}]`, "", 0},
		{`"facets":[{"index":{"byteStart":3,"byteEnd":8},"features":[{"$type":"app.bsky.richtext.facet#url","uri":"https://a.org"}]}]`, "", 0},
		{`"embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","image":` + picture + `}]}`, "", 1},
		{`"embed":{"$type":"app.bsky.embed.image","images":[{"alt":"","image":` + picture + `}]}`, "", 0},
	} {
		body := `{"repo":"` + w.did + `","collection":"app.bsky.feed.post","validate":true,"record":{"$type":"app.bsky.feed.post","text":"\u00fc a.org",
			"createdAt":"2026-11-24T12:00:00.000Z",` + c.fields + `}}`
		if status, got := w.post("com.atproto.repo.createRecord", body); status != 200 {
			t.Fatalf("%s: %d %v", c.fields, status, got)
		}
		posts := w.sim.Posts()
		if p := posts[len(posts)-1]; p.Link != c.link || len(p.Media) != c.pictures {
			t.Errorf("%s: link %q and %d pictures, want %q and %d", c.fields, p.Link, len(p.Media), c.link, c.pictures)
		}
		w.now = w.now.Add(time.Second)
	}
}

// upload sends a blob and returns its description.
func (w *world) upload(typ, data string) string {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, "/xrpc/com.atproto.repo.uploadBlob", strings.NewReader(data))
	r.Header.Set("Content-Type", typ)
	r.Header.Set("Authorization", "Bearer "+w.tok)
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, r)
	var answer struct{ Blob json.RawMessage }
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || rec.Code != 200 {
		w.Fatalf("upload: %d %s", rec.Code, rec.Body)
	}
	return string(answer.Blob)
}

// drawn is a small picture.
func drawn(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
