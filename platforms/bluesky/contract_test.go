package bluesky_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/bluesky"
	"github.com/bandstand-app/bandstand/platforms/bluesky/sim"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

// network is a server of accounts with two of them: the simulator or a real one.
type network struct {
	client    *http.Client
	endpoints map[string]string
	now       func() time.Time
	typed     map[string]string // signs in as the club
	other     string            // DID of oldtownchoir.test
	counts    bool              // whether there is a public view with counters
}

// TestContractOfSimulator runs the table that a real server passes as well
// (make test-pds), so that the simulator stays true.
func TestContractOfSimulator(t *testing.T) {
	t.Parallel()
	contract(t, simulated(t))
}

func simulated(t *testing.T) network {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC) }
	var s platforms.Simulator
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/bluesky", s).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s = sim.New(platforms.SimEnv{Now: now, BaseURL: server.URL})
	n := network{client: server.Client(), endpoints: map[string]string{}, now: now, counts: true}
	for _, e := range bluesky.New(platforms.Env{}).Info().Endpoints {
		n.endpoints[e.Name] = server.URL + e.Sandbox
	}
	n.typed = map[string]string{"handle": "riversidefc.test", "password": "abcd-efgh-ijkl-mnop"}
	n.other = n.resolve(t, "oldtownchoir.test")
	return n
}

func (n network) platform() *bluesky.Bluesky {
	env := platforms.Env{HTTP: n.client, Endpoints: n.endpoints, UserAgent: "Bandstand/test", Now: n.now}
	return bluesky.New(env).(*bluesky.Bluesky)
}

func (n network) get(t *testing.T, address string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := n.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("get %s: %d %v %s", req.URL.Path, resp.StatusCode, err, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		t.Fatalf("get %s: %v", req.URL.Path, err)
	}
}

func (n network) resolve(t *testing.T, handle string) string {
	t.Helper()
	var out struct{ DID string }
	n.get(t, n.endpoints["entryway"]+"/xrpc/com.atproto.identity.resolveHandle?handle="+handle, &out)
	return out.DID
}

// stored is a post as anybody can read it.
type stored struct {
	CID   string
	Value struct {
		Text      string
		CreatedAt string
		Langs     []string
		Facets    []struct {
			Index    struct{ ByteStart, ByteEnd int }
			Features []map[string]string
		}
		Embed struct {
			Images []struct {
				Image       blob
				Alt         string
				AspectRatio struct{ Width, Height int }
			}
			External struct {
				URI, Title, Description string
				Thumb                   *blob
			}
		}
		Reply *struct{ Root, Parent version }
	}
}

// version is a record in one version of it.
type version struct{ URI, CID string }

// follows is a publication that continues a thread.
func follows(text string, root, parent platforms.Ref) platforms.Publication {
	p := publication(platforms.Draft{Text: text})
	p.Reply = &platforms.ReplyTo{Root: root, Parent: parent}
	return p
}

func refTo(r platforms.StepResult) platforms.Ref {
	return platforms.Ref{ID: r.RemoteID, Version: r.RemoteVersion}
}

// remove deletes a post as another app of the account does.
func (n network) remove(t *testing.T, s platforms.Session, uri string) {
	t.Helper()
	body := fmt.Sprintf(`{"repo":%q,"collection":"app.bsky.feed.post","rkey":%q}`, s.Account.RemoteID, uri[strings.LastIndexByte(uri, '/')+1:])
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Account.Host+"/xrpc/com.atproto.repo.deleteRecord", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.Access.Reveal())
	resp, err := n.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("delete %s: %d", uri, resp.StatusCode)
	}
}

type blob struct {
	MimeType string
	Size     int64
}

func (n network) stored(t *testing.T, s platforms.Session, uri string) stored {
	t.Helper()
	rkey := uri[strings.LastIndexByte(uri, '/')+1:]
	q := url.Values{"repo": {s.Account.RemoteID}, "collection": {"app.bsky.feed.post"}, "rkey": {rkey}}
	var out stored
	n.get(t, s.Account.Host+"/xrpc/com.atproto.repo.getRecord?"+q.Encode(), &out)
	return out
}

// facets are the facets as text and meaning, so that wrong positions show.
func (s stored) facets() [][2]string {
	var out [][2]string
	for _, f := range s.Value.Facets {
		for _, feature := range f.Features {
			meaning := feature["uri"] + feature["tag"] + feature["did"]
			out = append(out, [2]string{s.Value.Text[f.Index.ByteStart:f.Index.ByteEnd], meaning})
		}
	}
	return out
}

// refusedRecords puts records that a misspelling client would send. An empty
// answer is one that the server takes.
func refusedRecords(t *testing.T, n network, s platforms.Session) {
	t.Helper()
	const invalid = "Invalid app.bsky.feed.post record: "
	with := func(fields string) string {
		return `{"$type":"app.bsky.feed.post","text":"a","createdAt":"2026-11-24T12:00:00Z"` + fields + `}`
	}
	facet := func(index, feature string) string {
		return with(`,"facets":[{"index":` + index + `,"features":[` + feature + `]}]`)
	}
	image := func(blob string) string {
		return with(`,"embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","image":` + blob + `}]}`)
	}
	const here, tag = `{"byteStart":0,"byteEnd":1}`, `{"$type":"app.bsky.richtext.facet#tag","tag":"a"}`
	const nobodys = `{"uri":"at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3kzzzzzzzz222","cid":"bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"}`
	const link = `"ref":{"$link":"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"}`
	for i, c := range []struct{ record, answer string }{
		{with(`,"lang":["en"]`), ""},
		{with(`,"embed":{"$type":"app.bsky.embed.image","images":[]}`), ""},
		{facet(here, `{"$type":"app.bsky.richtext.facet#tags","tags":"a"}`), ""},
		{facet(`{"byteStart":100,"byteEnd":10}`, tag), ""},
		{`[]`, "Expected object value type (got []) at $.record"},
		{`{"$type":"app.bsky.feed.like","text":"a"}`, "Invalid $type: expected app.bsky.feed.post, got app.bsky.feed.like"},
		{strings.Replace(with(``), `"a"`, `1`, 1), invalid + "Expected string value type (got 1) at $.record.text"},
		{with(`,"langs":"en"`), invalid + `Expected array value type (got "en") at $.record.langs`},
		{with(`,"langs":["en_GB"]`), invalid + `Invalid language (got "en_GB") at $.record.langs[0]`},
		{with(`,"tags":["a","b","c","d","e","f","g","h","i"]`), invalid + "array too big (maximum 8, got 9) at $.record.tags"},
		{with(`,"embed":{"images":[]}`), invalid + `Expected an object which includes the "$type" property value type (got {"images": ...}) at $.record.embed`},
		{with(`,"facets":[{"features":[]}]`), invalid + `Missing required key "index" at $.record.facets[0]`},
		{facet(`{"byteStart":-1,"byteEnd":1}`, tag), invalid + "integer too small (minimum 0, got -1) at $.record.facets[0].index.byteStart"},
		{facet(`{"byteStart":0}`, tag), invalid + `Missing required key "byteEnd" at $.record.facets[0].index`},
		{facet(here, `{"tag":"a"}`), invalid + `Expected an object which includes the "$type" property value type (got {"tag": ...}) at $.record.facets[0].features[0]`},
		{facet(here, `{"$type":"app.bsky.richtext.facet#link","url":"https://a.org"}`), invalid + `Missing required key "uri" at $.record.facets[0].features[0]`},
		{facet(here, `{"$type":"app.bsky.richtext.facet#link","uri":"a.org"}`), invalid + `Invalid uri (got "a.org") at $.record.facets[0].features[0].uri`},
		{with(`,"reply":{"root":` + nobodys + `,"parent":` + nobodys + `}`), ""},
		{with(`,"reply":{"root":` + nobodys + `}`), invalid + `Missing required key "parent" at $.record.reply`},
		{with(`,"reply":{"root":` + nobodys + `,"parent":{"uri":"at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3kzzzzzzzz222"}}`), invalid + `Missing required key "cid" at $.record.reply.parent`},
		{image(`"x"`), invalid + `Expected blob value type (got "x") at $.record.embed.images[0].image`},
		{image(`{"$type":"blob",` + link + `,"mimeType":"video/mp4","size":1}`), invalid + `Expected "image/*" (got "video/mp4") at $.record.embed.images[0].image.mimeType`},
		{image(`{"$type":"blob",` + link + `,"mimeType":"image/png","size":2000001}`), invalid + "blob too big (maximum 2000000, got 2000001) at $.record.embed.images[0].image"},
		{image(`{"$type":"blob",` + link + `,"mimeType":"image/png","size":1}`), "Could not find blob: bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"},
	} {
		body := fmt.Sprintf(`{"repo":%q,"collection":"app.bsky.feed.post","rkey":"3kzzzzzzz%s222","validate":true,"record":%s}`,
			s.Account.RemoteID, string(rune('a'+i)), c.record)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Account.Host+"/xrpc/com.atproto.repo.putRecord", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+s.Access.Reveal())
		resp, err := n.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Message string }
		err = json.NewDecoder(resp.Body).Decode(&answer)
		_ = resp.Body.Close()
		if err != nil || answer.Message != c.answer || (resp.StatusCode == http.StatusOK) != (c.answer == "") {
			t.Errorf("%s: %d %q (%v), want %q", c.record, resp.StatusCode, answer.Message, err, c.answer)
		}
	}
}

func contract(t *testing.T, n network) {
	b := n.platform()
	account, err := b.SignIn(t.Context(), n.typed)
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	s := platforms.Session{Account: account, Access: account.Tokens.Access, Media: pictures}

	t.Run("sign-in says who it is and how long it lasts", func(t *testing.T) {
		if account.Name != "Riverside FC" || account.Handle != "riversidefc.test" || !strings.HasPrefix(account.RemoteID, "did:plc:") {
			t.Errorf("account %+v", account)
		}
		if account.Host != strings.TrimSuffix(n.endpoints["entryway"], "/") {
			t.Errorf("host %q", account.Host)
		}
		near(t, "access", account.Tokens.AccessExpires, n.now().Add(2*time.Hour))
		near(t, "refresh", account.Tokens.RefreshExpires, n.now().Add(90*24*time.Hour))
		checked, err := b.Check(t.Context(), s)
		if err != nil || checked.RemoteID != account.RemoteID || checked.Name != account.Name {
			t.Errorf("check: %+v, %v", checked, err)
		}
	})

	t.Run("wrong sign-ins are said beside the field", func(t *testing.T) {
		for field, c := range map[string]struct{ handle, password, code string }{
			"password": {n.typed["handle"], "wron-gggg-gggg-gggg", platforms.CodeSignInWrong},
			"handle":   {"nobody.test", n.typed["password"], platforms.CodeSignInWrong},
		} {
			_, err := b.SignIn(t.Context(), map[string]string{"handle": c.handle, "password": c.password})
			e, ok := errors.AsType[*platforms.Error](err)
			if !ok || e.Field != field || e.Code != c.code || e.Kind != platforms.Rejected {
				t.Errorf("wrong %s: %#v", field, err)
			}
		}
	})

	t.Run("records that do not fit the lexicon are refused in the same words", func(t *testing.T) { refusedRecords(t, n, s) })

	t.Run("text with links, hashtags and mentions", func(t *testing.T) {
		p := publication(platforms.Draft{
			Text: "⚽ Grüße an @oldtownchoir.test und @nobody.test!\nSpielplan: https://riverside-fc.example/fixtures/2026/november?team=u12#top #Größe",
			Lang: "de",
		})
		r := publish(t, b, s, p)
		got := n.stored(t, s, r.RemoteID)
		want := [][2]string{
			{"@oldtownchoir.test", n.other},
			{"riverside-fc.example/fixtures/202…", "https://riverside-fc.example/fixtures/2026/november?team=u12#top"},
			{"#Größe", "Größe"},
		}
		if diff := cmp.Diff(want, got.facets()); diff != "" {
			t.Errorf("facets (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"de"}, got.Value.Langs); diff != "" {
			t.Errorf("langs: %s", diff)
		}
		if want := p.CreatedAt.Format("2006-01-02T15:04:05.000Z"); got.Value.CreatedAt != want {
			t.Errorf("createdAt %q, want %q", got.Value.CreatedAt, want)
		}
		if web := n.endpoints["web"] + "/profile/" + account.RemoteID + "/post/"; !strings.HasPrefix(r.RemoteURL, web) {
			t.Errorf("address %q", r.RemoteURL)
		}
	})

	t.Run("four pictures with descriptions and shapes", func(t *testing.T) {
		p := publication(platforms.Draft{Text: "Saturday", Media: []platforms.Media{
			pictures.add("image/jpeg", 640, 480, 0, "Kick-off"), pictures.add("image/png", 300, 600, 0, ""),
			pictures.add("image/jpeg", 64, 64, 0, "Goal"), pictures.add("image/jpeg", 80, 60, 0, "Tea \"and\" cake"),
		}})
		got := n.stored(t, s, publish(t, b, s, p).RemoteID)
		if len(got.Value.Embed.Images) != len(p.Media) {
			t.Fatalf("stored %+v", got.Value.Embed)
		}
		for i, m := range p.Media {
			img := got.Value.Embed.Images[i]
			if img.Alt != m.Alt || img.AspectRatio.Width != m.Width || img.AspectRatio.Height != m.Height ||
				img.Image.MimeType != m.Type || img.Image.Size != m.Bytes {
				t.Errorf("picture %d is %+v, want %+v", i, img, m)
			}
		}
	})

	t.Run("link card with a picture", func(t *testing.T) {
		picture := pictures.add("image/jpeg", 1200, 630, 0, "")
		link := &platforms.Link{URL: "https://riverside-fc.example/trials?a=1&b=2", Title: "Trials <2026>", Description: "When & where", Image: &picture}
		got := n.stored(t, s, publish(t, b, s, publication(platforms.Draft{Text: "Come along", Link: link})).RemoteID).Value.Embed.External
		if got.URI != link.URL || got.Title != link.Title || got.Description != link.Description || got.Thumb == nil || got.Thumb.Size != picture.Bytes {
			t.Errorf("card %+v", got)
		}
	})

	t.Run("the same post again changes nothing", func(t *testing.T) {
		p := publication(platforms.Draft{Text: "Only once", Media: []platforms.Media{pictures.add("image/png", 20, 20, 0, "x")}})
		before, err := b.Settle(t.Context(), s, p, nil, n.now())
		if err != nil || before.Verdict != platforms.SeenNotPublic {
			t.Errorf("settle before: %+v, %v", before, err)
		}
		first, again := publish(t, b, s, p), publish(t, b, s, p)
		if first.RemoteID != again.RemoteID || first.Ref != again.Ref {
			t.Errorf("first %+v, again %+v", first, again)
		}
		after, err := b.Settle(t.Context(), s, p, nil, n.now())
		if err != nil || after.Verdict != platforms.SeenPublic || after.RemoteID != first.RemoteID || after.RemoteURL != first.RemoteURL {
			t.Errorf("settle after: %+v, %v", after, err)
		}
		p.Text = "Something else under the same key"
		_, err = try(t, b, s, p)
		e, ok := errors.AsType[*platforms.Error](err)
		if !ok || e.Kind != platforms.Duplicate || e.Ref != first.RemoteID {
			t.Errorf("other post under the same key: %v", err)
		}
		if got := n.stored(t, s, first.RemoteID); got.Value.Text != "Only once" || got.CID != first.Ref {
			t.Errorf("stored %+v", got)
		}
	})

	t.Run("a thread of three, and one whose beginning is gone", func(t *testing.T) {
		first := publish(t, b, s, publication(platforms.Draft{Text: "Trials are open"}))
		second := publish(t, b, s, follows("Bring boots", refTo(first), refTo(first)))
		// The third is known by addresses alone, as where a person found the others.
		third := publish(t, b, s, follows("See you there", platforms.Ref{ID: first.RemoteID}, platforms.Ref{ID: second.RemoteID}))
		for uri, parent := range map[string]platforms.StepResult{second.RemoteID: first, third.RemoteID: second} {
			got := n.stored(t, s, uri).Value.Reply
			if got == nil || got.Root != (version{first.RemoteID, first.RemoteVersion}) || got.Parent != (version{parent.RemoteID, parent.RemoteVersion}) {
				t.Errorf("%s is a reply to %+v", uri, got)
			}
		}
		n.remove(t, s, first.RemoteID)
		_, err := try(t, b, s, follows("To nobody", refTo(first), refTo(first)))
		e, ok := errors.AsType[*platforms.Error](err)
		if !ok || e.Kind != platforms.Rejected || e.Code != platforms.CodeParentGone {
			t.Errorf("the parent is gone: %#v", err)
		}
		publish(t, b, s, follows("The thread goes on without its beginning", refTo(first), refTo(third)))
		_, err = try(t, b, s, follows("And not where nobody knows its version", platforms.Ref{ID: first.RemoteID}, refTo(third)))
		if e, ok := errors.AsType[*platforms.Error](err); !ok || e.Code != platforms.CodeParentGone {
			t.Errorf("the beginning is gone: %#v", err)
		}
	})

	t.Run("a part that is sent again is the same, whatever became of its parent", func(t *testing.T) {
		first := publish(t, b, s, publication(platforms.Draft{Text: "Trials are closed"}))
		p := follows("Thank you all", refTo(first), refTo(first))
		var done []platforms.StepResult
		step := b.Plan(p, done)
		for ; !step.Irreversible; step = b.Plan(p, done) {
			r, err := b.Perform(t.Context(), s, p, done, step)
			if err != nil {
				t.Fatal(err)
			}
			done = append(done, r)
		}
		once, err := b.Perform(t.Context(), s, p, done, step)
		if err != nil {
			t.Fatal(err)
		}
		n.remove(t, s, first.RemoteID)
		again, err := b.Perform(t.Context(), s, p, done, step)
		if err != nil || again.RemoteVersion != once.RemoteVersion || again.RemoteVersion == "" {
			t.Errorf("once %+v, again %+v, %v", once, again, err)
		}
		if e, err := b.Settle(t.Context(), s, p, done, n.now()); err != nil || e.Verdict != platforms.SeenPublic || e.RemoteVersion != once.RemoteVersion {
			t.Errorf("settle: %+v, %v", e, err)
		}
	})

	t.Run("limits are those of the rules", func(t *testing.T) {
		family := "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466" // 1 grapheme, 25 bytes
		flag, keycap, zalgo := "\U0001F1EE\U0001F1EA", "1\uFE0F\u20E3", "e\u0301\u0327"
		// Long addresses are shown short; the ellipsis is one character.
		address, shown := "https://riverside.example/"+strings.Repeat("x", 400), "riverside.example/xxxxxxxxxxxx."
		for name, c := range map[string]struct {
			text string
			code string
		}{
			"300 letters":             {strings.Repeat("a", 300), ""},
			"301 letters":             {strings.Repeat("a", 301), platforms.CodeTextTooLong},
			"3000 bytes":              {strings.Repeat(family, 120), ""},
			"3001 bytes":              {strings.Repeat(family, 120) + "a", platforms.CodeTextTooLong},
			"300 of many code points": {strings.Repeat(flag+keycap+zalgo, 100), ""},
			"301 of many code points": {strings.Repeat(flag+keycap+zalgo, 100) + "!", platforms.CodeTextTooLong},
			"300 with a long link":    {strings.Repeat("a", 299-len(shown)) + " " + address, ""},
			"301 with a long link":    {strings.Repeat("a", 300-len(shown)) + " " + address, platforms.CodeTextTooLong},
		} {
			draft := platforms.Draft{Text: c.text}
			if blocked := platforms.Blocks(platforms.Check(b.Rules(account).Usual(), draft)); blocked != (c.code != "") {
				t.Errorf("%s: check refuses it: %v", name, blocked)
			}
			_, err := try(t, b, s, publication(draft))
			e, _ := errors.AsType[*platforms.Error](err)
			switch {
			case c.code == "" && err != nil:
				t.Errorf("%s: %v", name, err)
			case c.code != "" && (e == nil || e.Code != c.code || e.Kind != platforms.Rejected):
				t.Errorf("%s: got %#v, want %s", name, err, c.code)
			}
		}
	})

	t.Run("pictures the server refuses", func(t *testing.T) {
		big := pictures.add("image/png", 900, 800, 1, "noise") // more than 2,000,000 bytes
		_, err := try(t, b, s, publication(platforms.Draft{Text: "big", Media: []platforms.Media{big}}))
		refusedMedia(t, err, platforms.CodeMediaTooBig)
		huge := pictures.add("image/png", 1500, 1300, 1, "more noise") // more than 5 MiB
		_, err = try(t, b, s, publication(platforms.Draft{Text: "huge", Media: []platforms.Media{huge}}))
		refusedMedia(t, err, platforms.CodeMediaTooBig)
		five := platforms.Draft{Text: "five"}
		for range 5 {
			five.Media = append(five.Media, pictures.add("image/png", 10, 10, 0, "x"))
		}
		_, err = try(t, b, s, publication(five))
		refusedMedia(t, err, platforms.CodeTooManyMedia)
	})

	t.Run("numbers, or none where there is no public view", func(t *testing.T) {
		r := publish(t, b, s, publication(platforms.Draft{Text: "Count me"}))
		post, err := b.PostNumbers(t.Context(), s, r.RemoteID)
		if err != nil || (len(post.Values) > 0) != n.counts {
			t.Errorf("post: %+v, %v", post, err)
		}
		whole, err := b.AccountNumbers(t.Context(), s)
		if err != nil || (len(whole.Values) > 0) != n.counts {
			t.Errorf("account: %+v, %v", whole, err)
		}
	})

	t.Run("renewing rotates, and once more with the old one still works", func(t *testing.T) {
		first, err := b.Renew(t.Context(), nil, account, account.Tokens.Refresh)
		if err != nil {
			t.Fatalf("renew: %v", err)
		}
		if _, err := b.Renew(t.Context(), nil, account, account.Tokens.Refresh); err != nil {
			t.Errorf("renew again, as after a lost answer: %v", err)
		}
		renewed := s
		renewed.Access = first.Access
		if _, err := b.Check(t.Context(), renewed); err != nil {
			t.Errorf("check after renewing: %v", err)
		}
		if err := b.Revoke(t.Context(), nil, account, first); err != nil {
			t.Errorf("disconnect: %v", err)
		}
		_, err = b.Renew(t.Context(), nil, account, first.Refresh)
		if platforms.KindOf(err) != platforms.Revoked {
			t.Errorf("renew after disconnecting: %v", err)
		}
		if err := b.Revoke(t.Context(), nil, account, first); err != nil {
			t.Errorf("disconnect twice: %v", err)
		}
	})

	t.Run("a sign-in that never was is revoked", func(t *testing.T) {
		foreign := s
		foreign.Access = platforms.NewSecret("no-such-token")
		_, err := try(t, b, foreign, publication(platforms.Draft{Text: "never"}))
		if platforms.KindOf(err) != platforms.Revoked {
			t.Errorf("publish: %v", err)
		}
	})
}

func refusedMedia(t *testing.T, err error, code string) {
	t.Helper()
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok || e.Kind != platforms.MediaRejected || e.Code != code {
		t.Errorf("got %#v, want %s", err, code)
	}
}

func near(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if d := got.Sub(want).Abs(); d > time.Minute {
		t.Errorf("%s ends at %v, want about %v", what, got, want)
	}
}

var keys = func() func() string {
	var mu sync.Mutex
	n := 0
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("%032x", n)
	}
}()

func publication(d platforms.Draft) platforms.Publication {
	return platforms.Publication{Draft: d, Key: keys(), CreatedAt: time.Date(2026, 11, 24, 18, 29, 59, 123e6, time.UTC)}
}

// try performs every step of a publication.
func try(t *testing.T, b *bluesky.Bluesky, s platforms.Session, p platforms.Publication) (platforms.StepResult, error) {
	t.Helper()
	var done []platforms.StepResult
	for range 20 {
		step := b.Plan(p, done)
		r, err := b.Perform(t.Context(), s, p, done, step)
		if err != nil || step.Irreversible {
			return r, err
		}
		done = append(done, r)
	}
	t.Fatal("20 steps and no end")
	return platforms.StepResult{}, nil
}

func publish(t *testing.T, b *bluesky.Bluesky, s platforms.Session, p platforms.Publication) platforms.StepResult {
	t.Helper()
	r, err := try(t, b, s, p)
	if err != nil {
		t.Fatalf("publish %q: %v", p.Text, err)
	}
	return r
}

// pictures is the media store of these tests.
var pictures = &store{files: map[string][]byte{}}

type store struct {
	mu    sync.Mutex
	files map[string][]byte
}

// add draws a picture; with noise it cannot be compressed.
func (s *store) add(typ string, w, h int, noise uint64, alt string) platforms.Media {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	random := rand.New(rand.NewPCG(noise, uint64(w)))
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(x), uint8(y), uint8(w), 255}
			if noise > 0 {
				v := random.Uint32()
				c = color.RGBA{uint8(v), uint8(v >> 8), uint8(v >> 16), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if typ == "image/png" {
		_ = png.Encode(&b, img)
	} else {
		_ = jpeg.Encode(&b, img, nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("picture-%d.%s", len(s.files), strings.TrimPrefix(typ, "image/"))
	s.files[id] = b.Bytes()
	return platforms.Media{ID: id, Type: typ, Width: w, Height: h, Bytes: int64(b.Len()), Alt: alt}
}

func (s *store) Open(_ context.Context, id string) (platforms.MediaFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.files[id]
	if !ok {
		return platforms.MediaFile{}, &platforms.Error{Kind: platforms.MediaRejected, Code: platforms.CodeMediaGone, Op: "open picture", Err: fs.ErrNotExist}
	}
	typ := "image/" + id[strings.LastIndexByte(id, '.')+1:]
	return platformtest.File(data, typ), nil
}

func (s *store) PublicURL(context.Context, string) (string, error) {
	return "", errors.New("not served")
}
