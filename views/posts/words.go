package posts

import (
	"context"
	"strconv"
	"strings"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
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
		parts = append(parts, l.Campaign)
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
