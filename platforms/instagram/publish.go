package instagram

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// The steps: Instagram fetches each picture into a container and prepares it;
// several containers are put into an album, which is a container too; then the
// one container that is left is published.
const (
	stepContainer   = "container"
	stepStatus      = "status"
	stepAlbum       = "album"
	stepAlbumStatus = "album_status"
	stepPublish     = "publish"
	stepComment     = graph.OpComment // the only step of a comment
)

// Plan implements platforms.Publisher. No kind means that nothing is left to do.
func (*instagram) Plan(p platforms.Publication, done []platforms.StepResult) platforms.Step {
	if p.Reply != nil {
		if ref(done, stepComment, 0) != "" {
			return platforms.Step{}
		}
		return platforms.Step{Kind: stepComment, Irreversible: true}
	}
	for n := range p.Media {
		if ref(done, stepContainer, n) == "" {
			return platforms.Step{Kind: stepContainer, Index: n}
		}
	}
	for n := range p.Media {
		if ref(done, stepStatus, n) == "" {
			return platforms.Step{Kind: stepStatus, Index: n, Waits: true}
		}
	}
	switch {
	case len(p.Media) > 1 && ref(done, stepAlbum, 0) == "":
		return platforms.Step{Kind: stepAlbum}
	case len(p.Media) > 1 && ref(done, stepAlbumStatus, 0) == "":
		return platforms.Step{Kind: stepAlbumStatus, Waits: true}
	case ref(done, stepPublish, 0) != "":
		return platforms.Step{}
	}
	return platforms.Step{Kind: stepPublish, Irreversible: true}
}

// ref is what a step that is done left behind, or empty.
func ref(done []platforms.StepResult, kind string, index int) string {
	r, _ := platforms.Finished(done, kind, index)
	return r.Ref
}

// top is the container that is published.
func top(p platforms.Publication, done []platforms.StepResult) string {
	if len(p.Media) > 1 {
		return ref(done, stepAlbum, 0)
	}
	return ref(done, stepContainer, 0)
}

// Perform implements platforms.Publisher.
func (i *instagram) Perform(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	switch step.Kind {
	case stepContainer:
		return i.picture(ctx, s, p, step)
	case stepStatus:
		return i.status(ctx, s, step, ref(done, stepContainer, step.Index))
	case stepAlbum:
		return i.album(ctx, s, p, done)
	case stepAlbumStatus:
		return i.status(ctx, s, step, ref(done, stepAlbum, 0))
	case stepComment:
		return i.comment(ctx, s, p)
	}
	return i.publish(ctx, s, top(p, done))
}

func (i *instagram) picture(ctx context.Context, s platforms.Session, p platforms.Publication, step platforms.Step) (platforms.StepResult, error) {
	m := p.Media[step.Index]
	address, err := s.Media.PublicURL(ctx, m.ID)
	if err != nil {
		return platforms.StepResult{}, i.noAddress(m, err)
	}
	params := url.Values{"image_url": {address}}
	text, alt := feed.FinalText(p.Draft), strings.TrimSpace(m.Alt)
	if p.Format == platforms.FormatStory {
		params.Set("media_type", "STORIES")
		text, alt = "", "" // it shows neither
	}
	if alt != "" {
		params.Set("alt_text", alt)
	}
	if len(p.Media) > 1 {
		params.Set("is_carousel_item", "true")
	} else if text != "" {
		params.Set("caption", text)
	}
	r, err := i.container(ctx, s, step, params)
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		e.Args = pictureArgs(m, address, e)
	}
	return r, err
}

// noAddress is the error for a picture that the platform could not fetch from
// here, whatever it tried.
func (i *instagram) noAddress(m platforms.Media, err error) error {
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		return e
	}
	code := platforms.CodePublicAddress
	if errors.Is(err, fs.ErrNotExist) {
		code = platforms.CodeMediaGone
	}
	e := i.api.Refuse(platforms.MediaRejected, code, stepContainer, err)
	e.Args = map[string]string{"file": m.Name}
	return e
}

// pictureArgs fill the messages about a refused picture. Of the address only
// the host is told: the rest is a key to the picture.
func pictureArgs(m platforms.Media, address string, e *platforms.Error) map[string]string {
	args := map[string]string{"file": m.Name, "reason_words": e.PlatformText}
	if u, err := url.Parse(address); err == nil {
		args["address"] = u.Scheme + "://" + u.Host
	}
	return args
}

func (i *instagram) album(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult) (platforms.StepResult, error) {
	var children []string
	for n := range p.Media {
		children = append(children, ref(done, stepContainer, n))
	}
	params := url.Values{"media_type": {"CAROUSEL"}, "children": {strings.Join(children, ",")}}
	if text := feed.FinalText(p.Draft); text != "" {
		params.Set("caption", text)
	}
	return i.container(ctx, s, platforms.Step{Kind: stepAlbum}, params)
}

func (i *instagram) container(ctx context.Context, s platforms.Session, step platforms.Step, params url.Values) (platforms.StepResult, error) {
	call := graph.Call{
		Op: step.Kind, Method: http.MethodPost, Path: s.Account.RemoteID + "/media", App: s.App, Token: s.Access, Params: params,
	}
	var a struct{ ID string }
	resp, err := i.api.Do(ctx, call, &a)
	switch {
	case err != nil:
		return platforms.StepResult{}, err
	case a.ID == "":
		return platforms.StepResult{}, i.api.NoID(call, resp)
	}
	return platforms.StepResult{
		Kind: step.Kind, Index: step.Index, Ref: a.ID, State: platforms.StepDone, ExpiresAt: i.api.Now().Add(containerLife),
	}, nil
}

// The states of a container.
// https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-container, 2026-11-20.
const (
	statusWorking   = "IN_PROGRESS"
	statusFinished  = "FINISHED"
	statusPublished = "PUBLISHED"
	statusError     = "ERROR"
	statusExpired   = "EXPIRED"
)

type containerStatus struct {
	Code string `json:"status_code"`
	Text string `json:"status"`
}

func (i *instagram) containerStatus(ctx context.Context, s platforms.Session, op, container string) (containerStatus, error) {
	var a containerStatus
	call := graph.Call{
		Op: op, Path: container, App: s.App, Token: s.Access, Params: url.Values{"fields": {"status_code,status"}},
	}
	resp, err := i.api.Do(ctx, call, &a)
	if err == nil && a.Code == "" {
		err = i.api.NoID(call, resp)
	}
	return a, err
}

func (i *instagram) status(ctx context.Context, s platforms.Session, step platforms.Step, container string) (platforms.StepResult, error) {
	a, err := i.containerStatus(ctx, s, step.Kind, container)
	if err != nil {
		return platforms.StepResult{}, err
	}
	r := platforms.StepResult{Kind: step.Kind, Index: step.Index, Ref: container}
	switch a.Code {
	case statusFinished, statusPublished:
		r.State = platforms.StepDone
	case statusExpired:
		r.State = platforms.StepExpired
	case statusError:
		r.State = platforms.StepFailed
		if line, ok := failed(a.Text); ok {
			// The same picture would fail again: say why instead of starting over.
			e := i.api.Refuse(line.Kind, line.Message, step.Kind, nil)
			e.PlatformCode = strconv.Itoa(line.Sub)
			return r, e
		}
	default:
		r.State = platforms.StepWorking
	}
	return r, nil
}

func (i *instagram) publish(ctx context.Context, s platforms.Session, container string) (platforms.StepResult, error) {
	call := graph.Call{
		Op: stepPublish, Method: http.MethodPost, Path: s.Account.RemoteID + "/media_publish",
		App: s.App, Token: s.Access, Params: url.Values{"creation_id": {container}}, Irreversible: true,
	}
	var a struct{ ID string }
	resp, err := i.api.Do(ctx, call, &a)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.Code == platforms.CodeDailyCap {
		_, most, err := i.quota(ctx, s, graph.OpRead)
		if err != nil || most == 0 {
			most = fewestPosts
		}
		e.Args = map[string]string{"limit": strconv.FormatInt(most, 10)}
		e.RetryAt = i.api.Now().Add(quotaWait)
	}
	switch {
	case err != nil:
		return platforms.StepResult{}, err
	case a.ID == "":
		return platforms.StepResult{}, i.api.NoID(call, resp)
	}
	return platforms.StepResult{
		Kind: stepPublish, State: platforms.StepDone, Ref: a.ID, RemoteID: a.ID, PublishedAt: i.api.Now(),
	}, nil
}

// quotaWait is until the next try: room appears as old posts drop out.
const quotaWait = time.Hour
