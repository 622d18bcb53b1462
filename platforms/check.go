package platforms

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Severity of a problem.
type Severity string

// A problem must be fixed before scheduling, or is worth a look.
const (
	MustFix Severity = "must_fix"
	Look    Severity = "look"
)

// Problem is one thing wrong with a draft for one account.
type Problem struct {
	Code     string
	Severity Severity
	Field    string // "text", "media", "link"; with Index for one picture
	Index    int
	Args     map[string]string
}

// Check compares a draft with the rules of its format. It is the only validator:
// composer, scheduling and engine all call it.
func Check(r FormatRules, d Draft) []Problem {
	var out []Problem
	add := func(p Problem) { out = append(out, p) }

	text := withoutBlankLines(d.Text)
	switch {
	case r.NoText && (text != "" || d.Link != nil):
		add(Problem{Code: CodeTextNotShown, Severity: Look, Field: "text"})
	case !r.NoText && text == "" && len(d.Media) == 0 && d.Link == nil:
		add(Problem{Code: CodeTextEmpty, Severity: MustFix, Field: "text"})
	}
	if len(d.Media) < r.Media.Min && (r.NoText || text != "" || len(d.Media) > 0 || d.Link != nil) {
		add(Problem{Code: CodeMediaMissing, Severity: MustFix, Field: "media"})
	}
	final := r.FinalText(d)
	for _, t := range r.Text {
		used := t.Measure(final)
		beyond := func(code string, s Severity, limit int) {
			add(Problem{Code: code, Severity: s, Field: "text", Args: map[string]string{
				"used": strconv.Itoa(used), "limit": strconv.Itoa(limit), "over": strconv.Itoa(used - limit), "unit": t.Unit,
			}})
		}
		switch {
		case used > t.Max:
			beyond(t.Code, MustFix, t.Max)
		case t.Advice != nil && used > t.Advice.Max:
			beyond(t.Advice.Code, Look, t.Advice.Max)
		}
	}
	if len(d.Media) > r.Media.Max {
		add(Problem{Code: CodeTooManyMedia, Severity: MustFix, Field: "media", Args: map[string]string{
			"n": strconv.Itoa(len(d.Media)), "limit": strconv.Itoa(r.Media.Max),
		}})
	}
	for i, m := range d.Media {
		out = append(out, checkImage(r.Media, m, i)...)
	}
	out = append(out, checkLink(r, d)...)
	return append(out, checkOptions(r, d)...)
}

func checkImage(r MediaRules, m Media, i int) []Problem {
	var out []Problem
	at := func(code string, s Severity, args ...string) {
		a := map[string]string{"file": m.Name}
		for j := 0; j+1 < len(args); j += 2 {
			a[args[j]] = args[j+1]
		}
		out = append(out, Problem{Code: code, Severity: s, Field: "media", Index: i, Args: a})
	}
	img := r.Image
	if len(img.Types) > 0 && !strings.HasPrefix(m.Type, "image/") {
		at(CodeMediaType, MustFix, "type", m.Type, "allowed", strings.Join(img.Types, ", "))
		return out
	}
	if m.Width > 0 && m.Height > 0 {
		if m.Width < img.MinWidth || m.Height < img.MinHeight {
			at(CodeMediaTooSmall, MustFix, "w", strconv.Itoa(m.Width), "h", strconv.Itoa(m.Height),
				"min_w", strconv.Itoa(img.MinWidth), "min_h", strconv.Itoa(img.MinHeight))
		}
		if !img.FitsRatio(m.Width, m.Height) && m.Fit == FitWhole {
			at(CodeMediaAspect, MustFix, "ratio", Ratio(float64(m.Width)/float64(m.Height)),
				"min", Ratio(img.MinRatio), "max", Ratio(img.MaxRatio))
		}
	}
	if m.Moving {
		at(CodeMediaStill, Look)
	}
	alt := len([]rune(strings.TrimSpace(m.Alt)))
	switch {
	case r.MaxAlt > 0 && alt == 0:
		at(CodeAltMissing, Look)
	case r.MaxAlt > 0 && alt > r.MaxAlt:
		at(CodeAltTooLong, MustFix, "used", strconv.Itoa(alt), "limit", strconv.Itoa(r.MaxAlt))
	}
	return out
}

func checkLink(r FormatRules, d Draft) []Problem {
	if d.Link == nil || r.NoText {
		return nil
	}
	switch {
	case r.Link.Plain:
		return []Problem{{Code: CodeLinkPlain, Severity: Look, Field: "link"}}
	case len(d.Media) > 0 && r.Link.Card && !r.Link.CardWithMedia:
		return []Problem{{Code: CodeLinkWithMedia, Severity: Look, Field: "link"}}
	}
	return nil
}

// checkOptions refuses what the rules do not know: an option that is sent to nobody
// would be a promise that nobody keeps.
func checkOptions(r FormatRules, d Draft) []Problem {
	var out []Problem
	add := func(code, key string, args ...string) {
		a := map[string]string{"option": key}
		for i := 0; i+1 < len(args); i += 2 {
			a[args[i]] = args[i+1]
		}
		out = append(out, Problem{Code: code, Severity: MustFix, Field: "options", Args: a})
	}
	for _, key := range slices.Sorted(maps.Keys(d.Options)) {
		if !slices.ContainsFunc(r.Options, func(o Option) bool { return o.Key == key }) {
			add(CodeOptionUnknown, key)
		}
	}
	for _, o := range r.Options {
		value := d.Options[o.Key]
		switch used := utf8.RuneCountInString(value); {
		case value == "" && o.Required:
			add(CodeOptionMissing, o.Key)
		case value == "":
		case o.Kind == OptionChoice && !slices.Contains(o.Choices, value), o.Kind == OptionYesNo && value != "yes":
			add(CodeOptionUnknown, o.Key)
		case o.Kind == OptionText && o.Max > 0 && used > o.Max:
			add(CodeOptionTooLong, o.Key, "used", strconv.Itoa(used), "limit", strconv.Itoa(o.Max))
		}
	}
	return out
}

// FitsRatio tells whether a picture of this size has a shape the account takes.
func (r ImageRules) FitsRatio(w, h int) bool {
	if w <= 0 || h <= 0 {
		return false
	}
	ratio := float64(w) / float64(h)
	return (r.MinRatio == 0 || ratio >= r.MinRatio) && (r.MaxRatio == 0 || ratio <= r.MaxRatio)
}

// Ratio writes a ratio as people say it: 4:5, 1.91:1.
func Ratio(r float64) string {
	known := []struct {
		v float64
		s string
	}{{1, "1:1"}, {0.8, "4:5"}, {0.75, "3:4"}, {2.0 / 3, "2:3"}, {0.5625, "9:16"}, {4.0 / 3, "4:3"}, {1.5, "3:2"}, {16.0 / 9, "16:9"}}
	i := slices.IndexFunc(known, func(k struct {
		v float64
		s string
	},
	) bool {
		return k.v-r < 0.005 && r-k.v < 0.005
	})
	if i >= 0 {
		return known[i].s
	}
	short := func(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }
	if r < 1 && r > 0 {
		return "1:" + short(1/r)
	}
	return short(r) + ":1"
}

// Blocks tells whether any of the problems must be fixed before scheduling.
func Blocks(ps []Problem) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == MustFix })
}
