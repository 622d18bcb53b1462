package instagram

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// comment writes a comment under the post that it follows, as the account.
func (i *instagram) comment(ctx context.Context, s platforms.Session, p platforms.Publication) (platforms.StepResult, error) {
	call := graph.Call{
		Op: stepComment, Method: http.MethodPost, Path: url.PathEscape(p.Reply.Parent.ID) + "/comments", App: s.App, Token: s.Access,
		Params: url.Values{"message": {comment.FinalText(p.Draft)}}, Irreversible: true,
	}
	var a struct{ ID string }
	resp, err := i.api.Do(ctx, call, &a)
	switch {
	case err != nil:
		return platforms.StepResult{}, err
	case a.ID == "":
		return platforms.StepResult{}, i.api.NoID(call, resp)
	}
	return platforms.StepResult{Kind: stepComment, State: platforms.StepDone, Ref: a.ID, RemoteID: a.ID, PublishedAt: i.api.Now()}, nil
}

// findComment looks for the comment among the newest under the post that it follows:
// the account's own, with the same words. Under a post that is gone nothing can be
// seen.
func (i *instagram) findComment(ctx context.Context, s platforms.Session, p platforms.Publication, tried time.Time) (platforms.Evidence, error) {
	var a struct {
		Data []struct {
			ID, Text, Username string
			From               struct{ Username string }
			Timestamp          graph.Time
		}
	}
	_, err := i.api.Do(ctx, graph.Call{
		Op: graph.OpRead, Path: url.PathEscape(p.Reply.Parent.ID) + "/comments", App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"id,text,timestamp,username,from"}, "limit": {"50"}},
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
		author := cmp.Or(c.Username, c.From.Username)
		own := c.ID != "" && author != "" && strings.EqualFold(author, s.Account.Handle)
		if own && sameText(c.Text, text) && !c.Timestamp.Before(tried.Add(-clockMargin)) {
			found = append(found, platforms.Match{RemoteID: c.ID, PublishedAt: c.Timestamp.Time})
		}
	}
	return platforms.ReadBack(found...), nil
}

// commentedPost is the address of the post under which a comment stands.
func (i *instagram) commentedPost(ctx context.Context, s platforms.Session, id string) (string, error) {
	var a struct{ Media struct{ Permalink string } }
	call := graph.Call{
		Op: graph.OpRead, Path: id, App: s.App, Token: s.Access, Params: url.Values{"fields": {"media{permalink}"}},
	}
	resp, err := i.api.Do(ctx, call, &a)
	if err == nil && a.Media.Permalink == "" {
		err = i.api.NoID(call, resp)
	}
	return a.Media.Permalink, err
}
