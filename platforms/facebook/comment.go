package facebook

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// comment writes a comment under the post that it follows, as the Page.
func (f *facebook) comment(ctx context.Context, s platforms.Session, p platforms.Publication) (platforms.StepResult, error) {
	call := graph.Call{
		Op: stepComment, Method: http.MethodPost, Path: url.PathEscape(p.Reply.Parent.ID) + "/comments", App: s.App, Token: s.Access,
		Params: url.Values{"message": {comment.FinalText(p.Draft)}, "fields": {"id,permalink_url"}}, Irreversible: true,
	}
	var a struct {
		ID        string
		Permalink string `json:"permalink_url"`
	}
	resp, err := f.api.Do(ctx, call, &a)
	switch {
	case err != nil:
		return platforms.StepResult{}, err
	case a.ID == "":
		return platforms.StepResult{}, f.api.NoID(call, resp)
	}
	return platforms.StepResult{
		Kind: stepComment, State: platforms.StepDone, Ref: a.ID, RemoteID: a.ID,
		RemoteURL: f.address(a.ID, a.Permalink), PublishedAt: f.api.Now(),
	}, nil
}

// goneOrHidden is the answer about an object that was deleted, or that the token
// does not show.
const goneOrHidden = "100/33"

// findComment looks for the comment among the newest under the post that it follows.
// A comment of somebody else is never taken for it, and neither is one that does not
// say who wrote it. Under a post that is gone nothing can be seen.
func (f *facebook) findComment(ctx context.Context, s platforms.Session, p platforms.Publication, tried time.Time) (platforms.Evidence, error) {
	var a struct {
		Data []struct {
			ID, Message string
			From        struct{ ID string }
			Created     graph.Time `json:"created_time"`
			Permalink   string     `json:"permalink_url"`
		}
	}
	_, err := f.api.Do(ctx, graph.Call{
		Op: graph.OpRead, Path: url.PathEscape(p.Reply.Parent.ID) + "/comments", App: s.App, Token: s.Access,
		Params: url.Values{
			"fields": {"id,from{id},message,created_time,permalink_url"},
			"filter": {"toplevel"}, "order": {"reverse_chronological"}, "limit": {"100"},
		},
	}, &a)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.PlatformCode == goneOrHidden {
		return platforms.ReadBack(), nil
	}
	if err != nil {
		return platforms.Evidence{}, err
	}
	var found []platforms.Match
	text := comment.FinalText(p.Draft)
	for _, c := range a.Data {
		own := c.ID != "" && c.From.ID != "" && c.From.ID == s.Account.RemoteID
		if own && sameText(c.Message, text) && !c.Created.Before(tried.Add(-clockMargin)) {
			found = append(found, platforms.Match{RemoteID: c.ID, RemoteURL: f.address(c.ID, c.Permalink), PublishedAt: c.Created.Time})
		}
	}
	return platforms.ReadBack(found...), nil
}
