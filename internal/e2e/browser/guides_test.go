package browser

import (
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// TestSetUpPagesLeadThroughTheDeveloperSite: they showed two empty fields and an
// address, and nothing of where and how an app is made.
func TestSetUpPagesLeadThroughTheDeveloperSite(t *testing.T) {
	t.Parallel()
	w := weigh(t)
	words := e2ekit.Words(t)
	pages := 0
	for _, p := range w.app.RealPlatforms().All() {
		info := p.Info()
		if info.AppSlot == "" {
			continue
		}
		pages++
		doc, _ := w.get("/settings/platforms/" + info.AppSlot)
		if doc.Find(`a[href="`+info.AppGuide.Site+`"]`).Length() != 1 {
			t.Errorf("%s: no link to %s", info.ID, info.AppGuide.Site)
		}
		text := doc.Find("main").Text()
		for _, step := range info.AppGuide.Steps {
			if said := words.Text("en", step); !words.Has(step) || !strings.Contains(text, said) {
				t.Errorf("%s: the page does not say %s", info.ID, step)
			}
		}
		for _, ask := range info.AppGuide.Permissions {
			if !strings.Contains(text, ask) {
				t.Errorf("%s: the page does not name the permission %s", info.ID, ask)
			}
		}
		if !strings.Contains(text, "does not begin with https") {
			t.Errorf("%s: nobody is warned of the redirect address %s", info.ID, doc.Find("#redirect").AttrOr("value", ""))
		}
	}
	if pages == 0 {
		t.Error("no platform has an app")
	}
}
