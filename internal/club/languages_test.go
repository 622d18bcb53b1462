package club

import (
	"testing"

	"golang.org/x/text/language"
)

func TestLanguagesAreTagsThatPlatformsRead(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, l := range Languages() {
		tag, err := language.Parse(l.Tag)
		if err != nil || tag.String() != l.Tag {
			t.Errorf("%s is the tag %v, %v", l.Tag, tag, err)
		}
		if seen[l.Tag] || seen[l.Name] || l.Name == "" {
			t.Errorf("%s, %s: listed twice, or without a name", l.Tag, l.Name)
		}
		seen[l.Tag], seen[l.Name] = true, true
		if got, err := ParseLanguage("language", l.Tag); err != nil || got != l.Tag {
			t.Errorf("ParseLanguage(%s) = %s, %v", l.Tag, got, err)
		}
	}
	if !seen[DefaultLanguage] {
		t.Error("English is not listed")
	}
	for _, tag := range []string{"", "EN", "en-", "xx", "English"} {
		if got, err := ParseLanguage("language", tag); err == nil {
			t.Errorf("ParseLanguage(%q) = %s, want it refused", tag, got)
		}
	}
}
