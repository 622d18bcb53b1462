package linkcard

import (
	"strings"
	"testing"

	"golang.org/x/net/html/charset"
)

// in writes a text in a charset.
func in(t *testing.T, label, text string) string {
	t.Helper()
	enc, _ := charset.Lookup(label)
	if enc == nil {
		t.Fatalf("no charset %s", label)
	}
	out, err := enc.NewEncoder().String(text)
	if err != nil {
		t.Fatalf("%s: %v", label, err)
	}
	return out
}

func TestBrokenLettersAreNeverPublished(t *testing.T) {
	t.Parallel()
	late := "<style>" + strings.Repeat("/* style */", 200) + "</style>"
	tests := []struct {
		name, header, head, charset, title, want string
	}{
		{"declared late", "text/html", late + "<meta charset=utf-8>", "utf-8", "Müller gewinnt – Köln jubelt", "Müller gewinnt – Köln jubelt"},
		{"Cyrillic declared late", "text/html", late + "<meta charset=windows-1251>", "windows-1251", "Победа в кубке", "Победа в кубке"},
		{"late in the long form", "text/html", late + `<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">`, "koi8-r", "Победа в кубке", "Победа в кубке"},
		{"declared as XML does", "application/xhtml+xml", `<?xml version="1.0" encoding="windows-1251"?>`, "windows-1251", "Победа в кубке", "Победа в кубке"},
		{"UTF-8 without a word of it", "text/html", late, "utf-8", "Tschüß, Łódź", "Tschüß, Łódź"},
		{"UTF-8 that the header calls Latin-1", "text/html; charset=iso-8859-1", "", "utf-8", "Größter Sieg", "Größter Sieg"},
		{"UTF-8 that the page calls Windows-1252", "text/html", "<meta charset=windows-1252>", "utf-8", "Größter Sieg", "Größter Sieg"},
		{"UTF-8 that the header calls GBK", "text/html; charset=gbk", "", "utf-8", "杯赛决赛", "杯赛决赛"},
		{"GBK that could be UTF-8", "text/html; charset=gbk", "", "gbk", "联通", "联通"},
		{"Big5", "text/html; charset=big5", "", "big5", "冠軍", "冠軍"},
		{"EUC-KR", "text/html", "<meta charset=euc-kr>", "euc-kr", "결승전", "결승전"},
		{"ISO-2022-JP", "text/html; charset=iso-2022-jp", "", "iso-2022-jp", "優勝", "優勝"},
		{"parameters that are not well formed", "text/html; charset: windows-1251;;", "", "windows-1251", "Победа", "Победа"},
		{"charset in quotes", `text/html; charset="windows-1251"`, "", "windows-1251", "Победа", "Победа"},
		{"server's default against the page's word", "text/html; charset=iso-8859-1", "<meta charset=windows-1251>", "windows-1251", "Победа в кубке", "Победа в кубке"},
		{"header says UTF-8, page knows better", "text/html; charset=utf-8", "<meta charset=iso-8859-1>", "windows-1252", "Größter Sieg", "Größter Sieg"},
		{"language decides", "text/html", "<html lang=ru-RU>", "windows-1251", "Победа в кубке", "Победа в кубке"},
		{"Czech by language", "text/html", "<html lang=cs>", "windows-1250", "Příliš žluťoučký", "Příliš žluťoučký"},
		{"Taiwan by language", "text/html", "<html lang=zh-TW>", "big5", "冠軍賽", "冠軍賽"},
		{"western without a word of it", "text/html", "", "windows-1252", "Größter Sieg für “Köln”", "Größter Sieg für “Köln”"},
		{"Spanish questions", "text/html", "", "windows-1252", "¿Quién ganó? ¡Nosotros!", "¿Quién ganó? ¡Nosotros!"},
		{"French", "text/html; charset=iso-8859-1", "", "windows-1252", "L’œuvre où l’été à 2 €", "L’œuvre où l’été à 2 €"},
		{"Cyrillic without a word of it", "text/html", "", "windows-1251", "Победа в кубке", ""},
		{"Cyrillic called Latin-1", "text/html; charset=iso-8859-1", "", "windows-1251", "Победа в кубке", ""},
		{"Greek without a word of it", "text/html", "", "iso-8859-7", "Ο τελικός του κυπέλλου", ""},
		{"Czech without a word of it", "text/html", "", "windows-1250", "Příliš žluťoučký kůň", ""},
		{"Polish without a word of it", "text/html", "", "windows-1250", "Żółw", ""},
		{"Japanese without a word of it", "text/html", "", "shift_jis", "優勝しました", ""},
		{"only ASCII", "text/html", "", "utf-8", "Cup final", "Cup final"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := tt.head + "<title>" + in(t, tt.charset, tt.title) + `</title><meta property="og:image" content="/a.jpg">`
			p := read([]byte(body), tt.header, at)
			if p.title != tt.want || len(p.images) != 1 {
				t.Errorf("title = %q, want %q; %d pictures, want 1", p.title, tt.want, len(p.images))
			}
		})
	}
}

func TestPageThatBreaksOffInARune(t *testing.T) {
	t.Parallel()
	body := "<title>Köln</title><p>Größter Sieg ü"
	for cut := range 3 {
		if p := read([]byte(body[:len(body)-cut]), "text/html", at); p.title != "Köln" {
			t.Errorf("without the last %d bytes the title is %q", cut, p.title)
		}
	}
	// A comment that somebody cut in the middle of a rune spoils nothing else.
	if p := read([]byte("<title>Köln</title><meta name=description content='f\xc3'>"), "text/html", at); p.title != "Köln" || p.description != "" {
		t.Errorf("page is %+v, want its title alone", p)
	}
}
