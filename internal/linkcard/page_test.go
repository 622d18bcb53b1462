package linkcard

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var at = &url.URL{Scheme: "https", Host: "club.example", Path: "/news/cup"}

func TestRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, typ, body           string
		title, description, image string
	}{
		{"open graph", "text/html", `<html><head><title>Plain</title><meta name="description" content="Plain words">
			<meta property="og:title" content="Cup final &amp; more"><meta property="og:description" content="We won">
			<meta property="og:image" content="https://cdn.example/a.jpg"></head></html>`, "Cup final & more", "We won", "https://cdn.example/a.jpg"},
		{"twitter's names", "text/html", `<meta name="twitter:title" content="T"><meta name="twitter:description" content="D"><meta name="twitter:image:src" content="/t.png">`, "T", "D", "https://club.example/t.png"},
		{"plain HTML", "text/html", `<title> Cup
			final </title><meta name=description content='We won'><link rel="image_src" href="i.gif">`, "Cup final", "We won", "https://club.example/news/i.gif"},
		{"names in capitals", "text/html", `<META PROPERTY="OG:Title" CONTENT="T">`, "T", "", ""},
		{"first of a name counts", "text/html", `<meta property="og:title" content=""><meta property="og:title" content="A"><meta property="og:title" content="B">`, "A", "", ""},
		{"secure picture wins", "text/html", `<meta property="og:image" content="http://x.example/1.jpg"><meta property="og:image:secure_url" content="https://x.example/2.jpg">`, "", "", "https://x.example/2.jpg"},
		{"picture beside the page", "text/html", `<meta property="og:image" content="//cdn.example/a.jpg">`, "", "", "https://cdn.example/a.jpg"},
		{"picture in the page", "text/html", `<title>T</title><meta property="og:image" content="data:image/png;base64,AAAA">`, "T", "", ""},
		{"picture by script", "text/html", `<title>T</title><meta property="og:image" content="javascript:alert(1)">`, "T", "", ""},
		{"picture without address", "text/html", `<title>T</title><meta property="og:image" content="http://[::bad">`, "T", "", ""},
		{"in the body", "text/html", `<body><p>x<meta property="og:title" content="T">`, "T", "", ""},
		{"not in a script", "text/html", `<script>var a = '<meta property="og:title" content="no">'</script><!-- <title>no</title> --><title>yes</title>`, "yes", "", ""},
		{"not in a drawing", "text/html", `<svg><title>Logo</title></svg><title>Page</title>`, "Page", "", ""},
		{"Latin-1 by header", "text/html; charset=iso-8859-1", "<title>K\xf6ln</title>", "Köln", "", ""},
		{"Windows-1252 by meta", "text/html", "<meta charset=windows-1252><title>\x93Tor\x94</title>", "“Tor”", "", ""},
		{"Shift JIS", "text/html; charset=Shift_JIS", "<title>\x93\xfa\x96\x7b</title>", "日本", "", ""},
		{"UTF-16", "text/html", "\xff\xfe<\x00t\x00i\x00t\x00l\x00e\x00>\x00A\x00<\x00/\x00t\x00i\x00t\x00l\x00e\x00>\x00", "A", "", ""},
		{"unknown charset", "text/html; charset=klingon", "<title>A</title>", "A", "", ""},
		{"broken bytes", "text/html; charset=utf-8", "<title>A\xffB</title>", "", "", ""},
		{"hidden characters", "text/html; charset=utf-8", "<title>A\u202eB\u0000C\u200b</title>", "ABC", "", ""},
		{"cut off", "text/html", `<title>A</title><meta property="og:desc`, "A", "", ""},
		{"nothing", "text/html", ``, "", "", ""},
		{"markup in a title stays text", "text/html", `<title><b>A</b></title>`, "<b>A</b>", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := read([]byte(tt.body), tt.typ, at)
			image := ""
			if len(p.images) > 0 {
				image = p.images[0].String()
			}
			if diff := cmp.Diff([]string{tt.title, tt.description, tt.image}, []string{p.title, p.description, image}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJoinedEmojiStayJoined(t *testing.T) {
	t.Parallel()
	const england, rainbow = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\U0001f3f3\ufe0f\u200d\U0001f308"
	for title, want := range map[string]string{
		"Familie 👨\u200d👩\u200d👧 feiert":       "Familie 👨\u200d👩\u200d👧 feiert",
		"Up " + england + " and " + rainbow:    "Up " + england + " and " + rainbow,
		"می\u200cخواهم":                        "می\u200cخواهم",
		"A\u202eB\u2066C\u200fD\u200bE\ufeffF": "ABCDEF",
		"A\U000e0067\U000e007fB":               "AB", // tags that belong to no flag hide text
		"\u200dA\u200c":                        "A",
	} {
		if p := read([]byte("<meta charset=utf-8><title>"+title+"</title>"), "text/html", at); p.title != want {
			t.Errorf("title of %+q is %+q, want %+q", title, p.title, want)
		}
	}
	family := strings.Repeat("x", maxTitle-3) + "👨\u200d👩\u200d👧 feiert"
	if p := read([]byte("<meta charset=utf-8><title>"+family+"</title>"), "text/html", at); p.title != strings.Repeat("x", maxTitle-3)+"…" {
		t.Errorf("title ends %+q, want no half family", p.title[maxTitle-3:])
	}
}

func TestPicturesOfAPageInTheirOrder(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`<meta property="og:image" content="/1.jpg"><meta property="og:image" content="/2.jpg"><meta name="twitter:image" content="/1.jpg"><meta name="twitter:image" content="/3.jpg">`: "https://club.example/1.jpg https://club.example/2.jpg https://club.example/3.jpg",
		`<base href="https://cdn.example/pictures/"><base href="/no/"><meta property="og:image" content="1.jpg">`:                                                                        "https://cdn.example/pictures/1.jpg",
		`<meta property="og:image" content="1.jpg"><base href="/pictures/">`:                                                                                                             "https://club.example/pictures/1.jpg",
		`<base href="javascript:alert(1)"><meta property="og:image" content="1.jpg">`:                                                                                                    "https://club.example/news/1.jpg",
		`<meta property="og:image" content="ftp://a/1.jpg"><meta property="og:image" content="2.jpg">`:                                                                                   "https://club.example/news/2.jpg",
		strings.Repeat(`<meta property="og:image" content="/1.jpg">`, 10) + `<meta property="og:image" content="/2.jpg">`:                                                                "https://club.example/1.jpg",
	} {
		var got []string
		for _, u := range read([]byte(body), "text/html", at).images {
			got = append(got, u.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%.60s: pictures %v, want %s", body, got, want)
		}
	}
}

func TestLongWordsAreCut(t *testing.T) {
	t.Parallel()
	p := read([]byte("<meta charset=utf-8><title>"+strings.Repeat("ö ", 500)+"</title>"), "text/html", at)
	if n := utf8.RuneCountInString(p.title); n > maxTitle || !strings.HasSuffix(p.title, "ö…") {
		t.Errorf("title of %d characters ends %q", n, p.title[len(p.title)-8:])
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`<title>A</title><meta property="og:image" content="a.jpg">`), "text/html")
	f.Add([]byte(`<svg><title></svg><svg/><title>`), "text/html; charset=utf-16")
	f.Add([]byte("<meta charset=shift_jis><title>\x93\xfa"), "text/html")
	f.Add([]byte("\xff\xfe<\x00"), "")
	f.Add([]byte("<meta http-equiv=content-type content='text/html; charset=iso-2022-jp'>\x1b$B"), "text/html")
	f.Fuzz(func(t *testing.T, body []byte, typ string) {
		p := read(body, typ, at)
		for _, s := range []string{p.title, p.description} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\n\r\u202e") || utf8.RuneCountInString(s) > maxDescription {
				t.Errorf("kept %q", s)
			}
		}
		for _, u := range p.images {
			if u.Scheme != "https" && u.Scheme != "http" {
				t.Errorf("picture at %s", u)
			}
		}
	})
}
