package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

func TestEarlierTextsAreComparedOnDemand(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	tom, ines := s.as(club.Publisher), s.as(club.Writer)
	ines.post("/posts", draft("Bring boots today")).to("/posts/1")
	tom.post("/posts", with(draft("Bring water today"), "op", "toms", "post", "1", "version", "1")).to("/posts/1")

	page := tom.get("/posts/1").says("One earlier text").saysNot("boots")
	if n := page.doc().Find("ins, del").Length(); n != 0 {
		t.Errorf("the page of the post compares texts: %d marks", n)
	}
	link, _ := page.doc().Find(`main a[href$="/earlier"]`).Attr("href")
	if link != "/posts/1/earlier" {
		t.Fatalf("the page of the post leads to %q", link)
	}
	doc := tom.get(link).want(http.StatusOK).says("Earlier texts", "Ines", "What changed since then", "Bring water today").doc()
	if del, ins := doc.Find("del").Text(), doc.Find("ins").Text(); !strings.Contains(del, "boots") || !strings.Contains(ins, "water") {
		t.Errorf("marked as gone %q, as new %q", del, ins)
	}
	tom.get("/posts/99/earlier").want(http.StatusNotFound)
	ines.post("/posts", with(draft("Another"), "op", "another")).to("/posts/2")
	tom.get("/posts/2").saysNot("earlier text")
	tom.get("/posts/2/earlier").says("This post has no earlier texts.")
}

// TestManyLongEarlierTextsAreComparedWithinOneBudget: fifty texts of 100 KB would
// take a minute and a gigabyte if each were compared by itself.
func TestManyLongEarlierTextsAreComparedWithinOneBudget(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	tom := s.as(club.Publisher)
	long := func(word string) string { return strings.Repeat(word+" and ", 1000) }
	tom.post("/posts", draft(long("first"))).to("/posts/1")
	writer := s.db.Writer()
	for i := range 60 {
		content, err := club.Content{Text: long(fmt.Sprint("text", i))}.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := writer.ExecContext(t.Context(), `
			INSERT INTO revisions (post_id, state, content, hash, created_by, created_at)
			SELECT post_id, 'earlier', ?, ?, created_by, created_at + ? FROM revisions WHERE post_id = 1 AND state = 'live'`,
			string(content), fmt.Appendf(nil, "hash %d", i), i); err != nil {
			t.Fatal(err)
		}
	}
	doc := tom.get("/posts/1/earlier").want(http.StatusOK).doc()
	marks := func(i int) int { return doc.Find("ol.earlier > li").Eq(i).Find("ins, del").Length() }
	if n := doc.Find("ol.earlier > li").Length(); n != 50 {
		t.Errorf("%d texts are shown, want 50", n)
	}
	if first, last := marks(0), marks(49); first < 100 || last != 2 {
		t.Errorf("%d marks in the first comparison and %d in the last, want one each word and then two", first, last)
	}
}
