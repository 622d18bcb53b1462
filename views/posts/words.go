package posts

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/ui"
)

func num(n int64) string { return strconv.FormatInt(n, 10) }

// orEmpty writes an id, and nothing for none.
func orEmpty(n int64) string {
	if n == 0 {
		return ""
	}
	return num(n)
}

func introOf(ctx context.Context, c Composer) string {
	if c.Begun {
		return i18n.T(ctx, "composer_intro_begun", "button", updateLabel(ctx, c))
	}
	return i18n.T(ctx, "composer_intro")
}

// twice reports whether another of the accounts is on the same platform, so that
// its name alone says too little.
func twice(all []Account, a Account) bool {
	return slices.ContainsFunc(all, func(o Account) bool { return o.ID != a.ID && o.Platform == a.Platform })
}

// tabs are the accounts of the preview, by the letters of their platform.
func (p Preview) tabs(ctx context.Context) []ui.Tab {
	out := make([]ui.Tab, 0, len(p.Cards))
	for _, c := range p.Cards {
		tab := ui.Tab{Part: "card-" + num(c.ID), Mark: c.Mark, Name: c.Platform + " " + c.Account, Short: c.Short}
		if slices.ContainsFunc(p.Cards, func(o Card) bool { return o.ID != c.ID && o.Platform == c.Platform }) {
			tab.Short += " " + c.Account
		}
		if c.Must {
			tab.Alarm = i18n.T(ctx, "preview_tab_must")
		}
		out = append(out, tab)
	}
	return out
}

// chosen is the picture whose words are shown at first: one that must change, or
// else the first.
func chosen(all []Picture) int {
	must := func(p Picture) bool {
		return p.Gone || p.AltError != "" || slices.ContainsFunc(p.Verdicts, func(v Verdict) bool { return v.Must })
	}
	return max(0, slices.IndexFunc(all, must))
}

func updateLabel(ctx context.Context, c Composer) string {
	if c.Scheduled {
		return i18n.T(ctx, "composer_update")
	}
	return i18n.T(ctx, "composer_update_post")
}

func saveLabel(ctx context.Context, c Composer) string {
	if c.Begun {
		return i18n.T(ctx, "composer_keep_change")
	}
	return i18n.T(ctx, "composer_save_draft")
}

// lineText is the post's first words, or what stands in their place.
func lineText(ctx context.Context, l Line) string {
	if l.Text == "" {
		return i18n.T(ctx, "post_untitled")
	}
	return l.Text
}

func lineMeta(ctx context.Context, l Line) string {
	parts := []string{i18n.T(ctx, "posts_no_time"), i18n.T(ctx, "posts_by", "person", l.Author)}
	if l.When != "" {
		parts[0] = l.When
	}
	if l.Campaign != "" {
		parts = append(parts, i18n.Isolate(l.Campaign))
	}
	return strings.Join(parts, " · ")
}

func failureKind(f Failure) string {
	switch {
	case f.Calm:
		return "note"
	case f.Status == club.Failed:
		return "problem"
	}
	return "attention"
}

// editKind: what has failed comes first, then editing.
func editKind(v Page) string {
	if len(v.Head.Failures) > 0 || v.Pending != nil {
		return "plain"
	}
	return "main"
}

// describedBy names what describes a field: its hints, and its error if it has
// one.
func describedBy(hints, id, fault string) string {
	if fault == "" {
		return hints
	}
	return hints + " " + id + "-e"
}
