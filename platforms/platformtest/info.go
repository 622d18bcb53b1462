package platformtest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/PuerkitoBio/goquery"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/bandstand-app/bandstand/platforms"
)

var idForm = regexp.MustCompile(`^[a-z]+$`)

func infoIsComplete(t *testing.T, w *World) {
	info := w.Platform.Info()
	if !idForm.MatchString(string(info.ID)) || info.Name == "" || len(info.Short) < 1 || len(info.Short) > 2 {
		t.Errorf("id %q, name %q, short %q", info.ID, info.Name, info.Short)
	}
	if info.CheckedOn.IsZero() {
		t.Errorf("CheckedOn is not set")
	}
	if !slices.Contains([]platforms.Certainty{platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking}, info.Certainty) {
		t.Errorf("certainty %q", info.Certainty)
	}
	if c := info.ReplyCertainty; c != "" && (c == info.Certainty || !slices.Contains([]platforms.Certainty{platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking}, c)) {
		t.Errorf("certainty of replies %q, of posts %q", c, info.Certainty)
	}
	if info.RefusesRepeats && info.Certainty != platforms.CertainByLooking {
		t.Errorf("refusing repeats says nothing with certainty %q", info.Certainty)
	}
	if !slices.Contains(info.Features, platforms.FeaturePost) {
		t.Errorf("features %v lack posting", info.Features)
	}
	if (info.AppSlot == "") != (len(info.AppFields) == 0) || (info.AppSlot == "") != (info.AppName == "") {
		t.Errorf("app slot %q, name %q, fields %+v", info.AppSlot, info.AppName, info.AppFields)
	}
	if g := info.AppGuide; (info.AppSlot == "") != (g.Site == "") || g.Site != "" && (!strings.HasPrefix(g.Site, "https://") || len(g.Steps) == 0 || len(g.Permissions) == 0) {
		t.Errorf("the guide to the app is %+v", g)
	}
	if _, ok := w.Platform.(platforms.NumbersReader); ok != slices.Contains(info.Features, platforms.FeatureNumbers) {
		t.Errorf("numbers are read: %v, features are %v", ok, info.Features)
	}
	mount := "/" + w.Sim.Mount()
	for _, e := range info.Endpoints {
		if !idForm.MatchString(e.Name) || !strings.HasPrefix(e.Default, "https://") || strings.HasSuffix(e.Default, "/") ||
			(e.Sandbox != mount && !strings.HasPrefix(e.Sandbox, mount+"/")) {
			t.Errorf("endpoint %+v", e)
		}
	}
	markIsSafe(t, info.Mark)
	if s := unscoped(info.CSS, ".pv-"+string(info.ID)); s != "" {
		t.Errorf("css: %s", s)
	}
}

// markIsSafe: one colour, drawn in currentColor, nothing active.
func markIsSafe(t *testing.T, mark string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(mark))
	root := true
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("mark: %v", err)
		}
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		attrs := map[string]string{}
		for _, a := range el.Attr {
			attrs[a.Name.Local] = a.Value
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || a.Name.Local == "href" {
				t.Errorf("mark has attribute %s", a.Name.Local)
			}
		}
		if root && (el.Name.Local != "svg" || attrs["viewBox"] != "0 0 24 24" || attrs["aria-hidden"] != "true") {
			t.Errorf("mark begins with %s %v", el.Name.Local, attrs)
		}
		root = false
		if !slices.Contains([]string{"svg", "g", "path", "circle", "rect", "ellipse", "line", "polyline", "polygon"}, el.Name.Local) {
			t.Errorf("mark has element %s", el.Name.Local)
		}
	}
	if !strings.Contains(mark, "currentColor") {
		t.Errorf("mark does not use currentColor")
	}
}

var cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// unscoped finds a selector of a stylesheet that reaches beyond the scope, or
// something that loads from elsewhere.
func unscoped(css, scope string) string {
	css = cssComment.ReplaceAllString(css, "")
	if strings.TrimSpace(css) == "" {
		return "there is none"
	}
	for _, bad := range []string{"url(", "@import", "expression("} {
		if strings.Contains(css, bad) {
			return "it has " + bad
		}
	}
	var open []bool // for each open brace: do rules stand inside?
	var head strings.Builder
	for _, c := range css {
		switch c {
		case '{':
			h := strings.TrimSpace(head.String())
			head.Reset()
			inRule := len(open) > 0 && !open[len(open)-1]
			group := strings.HasPrefix(h, "@")
			if !group && !inRule {
				for sel := range strings.SplitSeq(h, ",") {
					sel = strings.TrimSpace(sel)
					if rest, ok := strings.CutPrefix(sel, scope); !ok || rest != "" && !strings.ContainsAny(rest[:1], " .:[>-_+~") {
						return "selector " + sel + " does not begin with " + scope
					}
				}
			}
			open = append(open, group)
		case '}':
			if len(open) == 0 {
				return "a brace too many"
			}
			open = open[:len(open)-1]
			head.Reset()
		case ';':
			head.Reset()
		default:
			head.WriteRune(c)
		}
	}
	if len(open) != 0 {
		return "a brace is not closed"
	}
	return ""
}

// words reads the catalogue: message id to text.
func (w *World) words() map[string]string {
	w.Helper()
	data, err := fs.ReadFile(w.Platform.Info().Catalogue, "en.toml")
	if err != nil {
		w.Fatalf("catalogue: %v", err)
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	file, err := bundle.ParseMessageFileBytes(data, "en.toml")
	if err != nil {
		w.Fatalf("catalogue: %v", err)
	}
	out := map[string]string{}
	for _, m := range file.Messages {
		out[m.ID] = m.Other
		if !strings.HasPrefix(m.ID, string(w.ID())+".") {
			w.Errorf("key %q does not begin with %q", m.ID, w.ID())
		}
		if strings.TrimSpace(m.Other) == "" {
			w.Errorf("key %q has no text", m.ID)
		}
	}
	return out
}

func catalogueHasEveryWord(t *testing.T, w *World) {
	words := w.words()
	prefix := string(w.ID()) + "."
	if p, ok := w.Platform.(platforms.PasswordSignIn); ok {
		for _, f := range p.SignInFields() {
			for _, key := range []string{prefix + "signin_" + f.Key + "_label", prefix + "signin_" + f.Key + "_hint"} {
				if words[key] == "" {
					t.Errorf("no text for %q", key)
				}
			}
		}
	}
	s := w.Connect()
	try := w.Try(s, w.photoDraft("Every step has a word"))
	if err := try.Run(); err != nil {
		t.Fatalf("publish: %v", err)
	}
	steps := try.steps
	if w.takesParts() {
		part := w.follow(s, w.partDraft("And those of a part"), try.Result(), try.Result())
		if err := part.Run(); err != nil {
			t.Fatalf("publish a part: %v", err)
		}
		steps = append(steps, part.steps...)
	}
	for _, step := range steps {
		if key := prefix + "step_" + step.Kind; words[key] == "" {
			t.Errorf("no text for %q", key)
		}
	}
	for _, f := range w.Platform.Rules(platforms.Account{}).Formats {
		for _, o := range f.Options {
			keys := []string{o.Word(w.ID())}
			for _, c := range o.Choices {
				keys = append(keys, o.ChoiceWord(w.ID(), c))
			}
			for _, key := range keys {
				if words[key] == "" {
					t.Errorf("no text for %q", key)
				}
			}
		}
	}
}

func previewShowsThePost(t *testing.T, w *World) {
	words := w.words()
	used := map[string]bool{}
	say := func(key string, _ ...string) string {
		used[key] = true
		if strings.HasPrefix(key, string(w.ID())+".") && words[key] == "" {
			t.Errorf("the preview uses %q, which has no text", key)
		}
		return "[" + key + "]"
	}
	account := platforms.Account{Platform: w.ID(), RemoteID: "1", Name: "Riverside <FC>", Handle: "riverside"}
	for i, n := range []int{0, 0, 1, 2, 3, 4, 5} {
		n = min(n, w.Platform.Rules(account).Usual().Media.Max)
		d := w.draft("Trials are <script>open</script> & free\n\nSee you!", n)
		switch {
		case len(d.Media) > 0:
			d.Media[0].Alt = ""
		case i > 0: // the first has nothing but words, as a part often does
			d.Link = &platforms.Link{URL: "https://riverside-fc.example/trials", Title: "Trials", Description: "When and where"}
		}
		for _, computer := range []bool{false, true} {
			var b bytes.Buffer
			c := w.Platform.Preview(platforms.Preview{
				Account: account, Draft: d, MediaURL: func(id string) string { return "/thumb/" + id },
				When: "24 November, 18:30", Over: 3, Computer: computer, T: say,
			})
			if err := c.Render(w.Context(), &b); err != nil {
				t.Fatalf("preview: %v", err)
			}
			doc, err := goquery.NewDocumentFromReader(&b)
			if err != nil {
				t.Fatalf("preview: %v", err)
			}
			card := doc.Find("body > *")
			if card.Length() != 1 || !strings.Contains(" "+card.AttrOr("class", ""), " pv-"+string(w.ID())) {
				t.Errorf("the card is %d elements of class %q", card.Length(), card.AttrOr("class", ""))
			}
			text := strings.Join(strings.Fields(card.Text()), "")
			for _, want := range []string{"Riverside<FC>", "Trialsare<script>open</script>&free"} {
				if !strings.Contains(text, want) {
					t.Errorf("the card lacks %q: %s", want, text)
				}
			}
			if got := card.Find("img").Length(); got < min(n, 1) {
				t.Errorf("the card shows %d pictures of %d", got, n)
			}
			if card.Find("[style], script, style, [onclick], iframe").Length() > 0 {
				t.Errorf("the card has styles or scripts of its own")
			}
			card.Find("img").Each(func(_ int, img *goquery.Selection) {
				if _, ok := img.Attr("alt"); !ok || !strings.HasPrefix(img.AttrOr("src", ""), "/thumb/") {
					t.Errorf("a picture without description or from elsewhere: %q", img.AttrOr("src", ""))
				}
			})
		}
	}
	if len(used) == 0 {
		t.Errorf("the preview uses no words of the catalogue")
	}
}
