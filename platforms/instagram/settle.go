package instagram

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// proofStatus is the proof of a container that says what became of it.
const proofStatus = "container_status"

// clockMargin is how far Instagram's clock may be behind ours when a post is
// looked for by its time.
const clockMargin = 2 * time.Minute

// Settle implements platforms.Publisher. A container knows whether it was
// published; which post it became has to be found by text and time.
func (i *instagram) Settle(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, tried time.Time) (platforms.Evidence, error) {
	if p.Reply != nil {
		return i.findComment(ctx, s, p, tried)
	}
	container := top(p, done)
	if container == "" {
		return platforms.Evidence{Verdict: platforms.SeenNothing}, nil
	}
	a, err := i.containerStatus(ctx, s, graph.OpRead, container)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.PlatformCode == goneOrHidden {
		// Reading containers sometimes fails like this: unknown, not absent.
		return platforms.Evidence{Verdict: platforms.SeenNothing, Proof: proofStatus}, nil
	}
	if err != nil {
		return platforms.Evidence{}, err
	}
	switch a.Code {
	case statusFinished, statusError, statusExpired:
		return platforms.Evidence{Verdict: platforms.SeenNotPublic, Proof: proofStatus, Lapsed: a.Code != statusFinished}, nil
	case statusPublished:
		return i.find(ctx, s, p, tried)
	}
	return platforms.Evidence{Verdict: platforms.SeenNothing, Proof: proofStatus}, nil
}

// goneOrHidden is the answer about an object that was deleted, or that the token
// does not show.
const goneOrHidden = "100/33"

// find looks for the post of a published container, or for its story, which shows no
// text. It is public in any case; its id is only taken where exactly one fits.
func (i *instagram) find(ctx context.Context, s platforms.Session, p platforms.Publication, tried time.Time) (platforms.Evidence, error) {
	var a struct {
		Data []struct {
			ID, Caption, Permalink string
			Timestamp              graph.Time
		}
	}
	edge, want := "/media", feed.FinalText(p.Draft)
	if p.Format == platforms.FormatStory {
		edge, want = "/stories", ""
	}
	_, err := i.api.Do(ctx, graph.Call{
		Op: graph.OpRead, Path: s.Account.RemoteID + edge, App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"id,caption,timestamp,permalink"}, "limit": {"25"}},
	}, &a)
	if err != nil {
		return platforms.Evidence{}, err
	}
	out := platforms.Evidence{Verdict: platforms.SeenPublic, Proof: proofStatus, Known: true}
	for _, m := range a.Data {
		if !m.Timestamp.Before(tried.Add(-clockMargin)) && sameText(m.Caption, want) {
			out.Matches = append(out.Matches, platforms.Match{RemoteID: m.ID, RemoteURL: m.Permalink, PublishedAt: m.Timestamp.Time})
		}
	}
	if len(out.Matches) == 1 {
		m := out.Matches[0]
		out.RemoteID, out.RemoteURL, out.PublishedAt = m.RemoteID, m.RemoteURL, m.PublishedAt
		out.Proof = proofStatus + "+" + platforms.ProofReadBack
	}
	return out, nil
}

// sameText compares texts regardless of how white space was kept.
func sameText(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// Permalink implements platforms.Linker.
func (i *instagram) Permalink(ctx context.Context, s platforms.Session, remoteID string) (string, error) {
	var a struct{ Permalink string }
	call := graph.Call{
		Op: graph.OpRead, Path: remoteID, App: s.App, Token: s.Access, Params: url.Values{"fields": {"permalink"}},
	}
	resp, err := i.api.Do(ctx, call, &a)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.PlatformCode == "100" {
		return i.commentedPost(ctx, s, remoteID) // a comment has no address of its own
	}
	if err == nil && a.Permalink == "" {
		err = i.api.NoID(call, resp)
	}
	return a.Permalink, err
}
