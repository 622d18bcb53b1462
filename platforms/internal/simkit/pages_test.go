package simkit

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestConsentPageAsksWithoutScriptOrInlineStyle(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/www/v26.0/dialog/oauth?x=1", nil)
	ShowConsent(w, r, Consent{
		Platform: "Parrot", App: `Club <b>"App"</b>`, Person: "Maeve Byrne", ReturnTo: "https://club.example/cb?state=1",
		Hidden: []Hidden{{"state", `a"b`}},
		Fields: []Field{{Name: "user", Label: "User name"}},
		Groups: []Group{{Legend: "Permissions", Name: "permission", Choices: []Choice{
			{Value: "read", Label: "Read", Fixed: true}, {Value: "write", Label: "Write", Hint: "Make posts", Ticked: true},
		}}},
	})
	body := w.Body.String()
	for _, want := range []string{
		`<form method="post" action="?">`, `href="../../../pages.css"`, `value="a&#34;b"`, `<label for="permission-1">Write</label>`,
		`<h1>Let Club &lt;b&gt;&#34;App&#34;&lt;/b&gt; in?</h1>`, `name="answer" value="allow">Allow<`, `<label for="field-user">`,
		`<input type="hidden" name="permission" value="read">`, "Make-believe Parrot",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s:\n%s", want, body)
		}
	}
	for _, bad := range []string{"<script", " style=", "<style"} {
		if strings.Contains(body, bad) {
			t.Errorf("page has %q", bad)
		}
	}
	if got, want := w.Header().Get("Content-Security-Policy"), "form-action 'self' https://club.example;"; !strings.Contains(got, want) {
		t.Errorf("got policy %q, want it to contain %q", got, want)
	}
}

func TestFormActionTakesNoForeignWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://a.example/x": " https://a.example", "http://127.0.0.1:8080/cb": " http://127.0.0.1:8080",
		"javascript:alert(1)": "", "https://a;script-src *": "", "": "", "://": "", "ftp://a.example": "",
	} {
		if got := origin(in); got != want {
			t.Errorf("origin(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestPostsPageShowsEverythingOfAPost(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	ShowPosts(w, httptest.NewRequest(http.MethodGet, "/www/1", nil), PostsPage{
		Platform: "Parrot", Account: "Riverside FC", Handle: "@riversidefc",
		Posts: []PostView{{
			Text: "One\ntwo <3", Link: "https://club.example/", Time: time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC),
			Pictures: []PictureView{{Src: "../media/1", Alt: "A ball"}, {Src: "../media/2"}}, Deleted: true,
		}, {Text: "Two", Kind: "reply", Parent: "1"}, {Text: "Three", Kind: "comment", Parent: "2"}},
	})
	for _, want := range []string{
		"One\ntwo &lt;3", `src="../media/1" alt="A ball"`, "No description", "24 November 2026, 18:30:00 UTC",
		`href="https://club.example/"`, "@riversidefc", "<strong>Deleted</strong>", `A reply to <a href="1">`, `A comment on <a href="2">`, `href="../pages.css"`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("page lacks %s:\n%s", want, w.Body)
		}
	}
}

func TestNoticeKeepsItsStatus(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	ShowNotice(w, httptest.NewRequest(http.MethodGet, "/x", nil), Notice{Platform: "Parrot", Title: "URL blocked", Text: "No.", Status: 400})
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `href="./pages.css"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
