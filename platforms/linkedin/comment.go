package linkedin

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// stepComment puts a comment under a post: one call, and nothing before it.
const stepComment = "comment"

// maxComment is the length of a comment, in UTF-16 code units. LinkedIn's pages name
// no limit; this is the one that its own editor keeps to.
const maxComment = 1250

const commentsPage = "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/comments-api"

// commentRules are the limits of a comment. Bandstand sends words alone.
var commentRules = platforms.FormatRules{
	Text: []platforms.TextRule{{
		Unit: "characters", Max: maxComment, Measure: func(text string) int { return units(words(text)) },
		Code: platforms.CodeTextTooLong, Source: source(commentsPage),
	}},
	Link:   platforms.LinkRules{InText: true},
	Source: source(commentsPage),
}

// anyMention finds the mentions of a text.
var anyMention = regexp.MustCompile(`@\[([^\[\]()\\\n]{1,200})\]\(urn:li:(?:organization:[0-9]+|person:[A-Za-z0-9_-]+)\)`)

// words is a text as a comment carries it. Comments are not written in the little
// format: nothing is escaped, and a mention would show its signs, so its name stays.
func words(text string) string {
	if !strings.Contains(text, "@[") {
		return text
	}
	return anyMention.ReplaceAllString(text, "$1")
}

// newComment is the body of the call that makes a comment.
type newComment struct {
	Actor   string      `json:"actor"`
	Object  string      `json:"object"`
	Message messageText `json:"message"`
}

type messageText struct {
	Text string `json:"text"`
}

// foundComment is a comment in an answer.
type foundComment struct {
	// URN has had two names over the versions.
	URN        string      `json:"$URN"`
	CommentURN string      `json:"commentUrn"`
	ID         json.Number `json:"id"`
	Actor      string      `json:"actor"`
	Object     string      `json:"object"` // often the activity of the post rather than the post
	Parent     string      `json:"parentComment"`
	Message    messageText `json:"message"`
	Created    struct {
		Time int64 `json:"time"` // milliseconds
	} `json:"created"`
}

// commentURN is what a comment is called: "urn:li:comment:(urn:li:activity:7…,7…)".
var commentURN = regexp.MustCompile(`^urn:li:comment:\((urn:li:[A-Za-z]+:[0-9]+),([0-9]+)\)$`)

// urn is the name of a comment under a post. An answer that leaves it out names its
// number and what it stands under.
func (f foundComment) urn(post string) string {
	return cmp.Or(f.URN, f.CommentURN, "urn:li:comment:("+cmp.Or(f.Object, post)+","+f.ID.String()+")")
}

// comment puts the words under a post.
func (p *Platform) comment(ctx context.Context, s platforms.Session, pub platforms.Publication, step platforms.Step) (platforms.StepResult, error) {
	post := pub.Reply.Parent.ID
	resp, err := p.rest(ctx, s.Access, apihttp.Request{
		Op: stepComment, Method: http.MethodPost, Irreversible: true,
		JSON: newComment{organization(s.Account), post, messageText{words(commentRules.FinalText(pub.Draft))}},
	}, commentsOf(post), "", nil)
	if err != nil {
		return platforms.StepResult{}, err
	}
	var made foundComment
	_ = resp.Decode(&made) // the number stands in a header too
	made.ID = json.Number(cmp.Or(made.ID.String(), resp.Header.Get("x-restli-id")))
	urn := made.urn(post)
	if !commentURN.MatchString(urn) {
		return platforms.StepResult{}, p.client.Unclear(stepComment, resp, "the answer names no comment")
	}
	return platforms.StepResult{
		Kind: step.Kind, State: platforms.StepDone, RemoteID: urn, RemoteURL: p.commentLink(post, urn), PublishedAt: p.now().UTC(),
	}, nil
}

func commentsOf(post string) string { return "/socialActions/" + encoded(post) + "/comments" }

// commentLink is the public address of a comment: that of its post, which then shows
// the comment first.
func (p *Platform) commentLink(post, comment string) string {
	m := commentURN.FindStringSubmatch(comment)
	if m == nil {
		return p.permalink(post)
	}
	shown := "urn:li:comment:(" + strings.TrimPrefix(m[1], "urn:li:") + "," + m[2] + ")"
	return p.permalink(post) + "?commentUrn=" + url.QueryEscape(shown)
}

// A look reads so many comments a call, and so many calls of them.
const (
	commentsAtOnce = 100
	commentCalls   = 5
)

// settleComment looks through the comments under the post for ours: made by the Page,
// of the same words, an answer to no other comment and not older than the try.
func (p *Platform) settleComment(ctx context.Context, s platforms.Session, pub platforms.Publication, tried time.Time) (platforms.Evidence, error) {
	post, since := pub.Reply.Parent.ID, tried.Add(-clockSlack)
	want := plain(words(commentRules.FinalText(pub.Draft)))
	var found []platforms.Match
	for call := range commentCalls {
		var answer struct {
			Elements []foundComment `json:"elements"`
		}
		query := "count=" + strconv.Itoa(commentsAtOnce) + "&start=" + strconv.Itoa(call*commentsAtOnce)
		resp, err := p.rest(ctx, s.Access, apihttp.Request{Op: "settle_comment"}, commentsOf(post), query, &answer)
		switch {
		case err != nil && resp != nil && gone(resp.Status):
			return platforms.ReadBack(), nil // with the post its comments are gone, ours or not
		case err != nil:
			return platforms.Evidence{}, err
		case answer.Elements == nil:
			return platforms.Evidence{}, p.client.Unclear("settle_comment", resp, "the answer lists no comments")
		}
		for _, f := range answer.Elements {
			urn, made := f.urn(post), time.UnixMilli(f.Created.Time).UTC()
			if f.Actor == organization(s.Account) && f.Parent == "" && plain(f.Message.Text) == want && !made.Before(since) && commentURN.MatchString(urn) {
				found = append(found, platforms.Match{RemoteID: urn, RemoteURL: p.commentLink(post, urn), PublishedAt: made})
			}
		}
		if len(answer.Elements) < commentsAtOnce {
			break
		}
	}
	return platforms.ReadBack(found...), nil
}

// gone reports whether an answer says that there is nothing at an address.
func gone(status int) bool { return status == http.StatusNotFound || status == http.StatusGone }
