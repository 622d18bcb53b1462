package facebook

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// story shows an uploaded photo as a story. The answer does not say where.
// https://developers.facebook.com/docs/page-stories-api, 2026-11-30.
func (f *facebook) story(ctx context.Context, s platforms.Session, photo string) (platforms.StepResult, error) {
	call := graph.Call{
		Op: stepStory, Method: http.MethodPost, Path: s.Account.RemoteID + "/photo_stories", App: s.App, Token: s.Access,
		Params: url.Values{"photo_id": {photo}}, Irreversible: true,
	}
	var a struct {
		PostID graph.ID `json:"post_id"`
	}
	resp, err := f.api.Do(ctx, call, &a)
	switch {
	case err != nil:
		return platforms.StepResult{}, err
	case a.PostID == "":
		return platforms.StepResult{}, f.api.NoID(call, resp)
	}
	id := string(a.PostID)
	return platforms.StepResult{Kind: stepStory, State: platforms.StepDone, Ref: id, RemoteID: id, PublishedAt: f.api.Now()}, nil
}

// shown is one story of a Page as it is read back.
type shown struct {
	PostID  graph.ID      `json:"post_id"`
	MediaID graph.ID      `json:"media_id"`
	Created graph.Seconds `json:"creation_time"`
	URL     string
}

// stories lists the stories of a Page that people can see, since a time.
func (f *facebook) stories(ctx context.Context, s platforms.Session, since time.Time) ([]shown, error) {
	var a struct{ Data []shown }
	_, err := f.api.Do(ctx, graph.Call{
		Op: graph.OpRead, Path: s.Account.RemoteID + "/stories", App: s.App, Token: s.Access,
		Params: url.Values{"since": {strconv.FormatInt(since.Unix(), 10)}, "limit": {"100"}},
	}, &a)
	return a.Data, err
}

// findStory looks for the story that shows the very photo that was uploaded for it.
func (f *facebook) findStory(ctx context.Context, s platforms.Session, photo string, tried time.Time) (platforms.Evidence, error) {
	list, err := f.stories(ctx, s, tried.Add(-clockMargin))
	if err != nil {
		return platforms.Evidence{}, err
	}
	var found []platforms.Match
	for _, one := range list {
		if one.PostID != "" && photo != "" && string(one.MediaID) == photo {
			found = append(found, platforms.Match{RemoteID: string(one.PostID), RemoteURL: one.URL, PublishedAt: one.Created.Time})
		}
	}
	return platforms.ReadBack(found...), nil
}

// storyLife is for how long people see a story.
const storyLife = 24 * time.Hour

// Permalink implements platforms.Linker. Only stories need it: posts and comments
// say where they are when they are made.
func (f *facebook) Permalink(ctx context.Context, s platforms.Session, remoteID string) (string, error) {
	list, err := f.stories(ctx, s, f.api.Now().Add(-storyLife))
	if err != nil {
		return "", err
	}
	for _, one := range list {
		if string(one.PostID) == remoteID {
			return one.URL, nil
		}
	}
	return "", nil
}
