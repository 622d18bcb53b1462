package facebook

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// The steps: each picture is uploaded without being shown, then one call makes
// the post, the story or the comment.
const (
	stepUpload  = "upload"
	stepPublish = "publish"
	stepStory   = "story"
	stepComment = graph.OpComment
)

// lastStep is the call that makes a publication public.
func lastStep(p platforms.Publication) string {
	switch {
	case p.Reply != nil:
		return stepComment
	case p.Format == platforms.FormatStory:
		return stepStory
	}
	return stepPublish
}

// Plan implements platforms.Publisher. No kind means that nothing is left to do.
func (*facebook) Plan(p platforms.Publication, done []platforms.StepResult) platforms.Step {
	for i, m := range p.Media {
		if uploaded(done, i) == "" {
			return platforms.Step{Kind: stepUpload, Index: i, Sends: m.Bytes}
		}
	}
	last := lastStep(p)
	if slices.ContainsFunc(done, func(r platforms.StepResult) bool { return r.Kind == last }) {
		return platforms.Step{}
	}
	return platforms.Step{Kind: last, Irreversible: true}
}

// uploaded is the id of picture i, or empty.
func uploaded(done []platforms.StepResult, i int) string {
	r, _ := platforms.Finished(done, stepUpload, i)
	return r.Ref
}

// Perform implements platforms.Publisher.
func (f *facebook) Perform(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	switch step.Kind {
	case stepUpload:
		return f.upload(ctx, s, p, step)
	case stepStory:
		return f.story(ctx, s, uploaded(done, 0))
	case stepComment:
		return f.comment(ctx, s, p)
	}
	return f.post(ctx, s, p, done)
}

func (f *facebook) upload(ctx context.Context, s platforms.Session, p platforms.Publication, step platforms.Step) (platforms.StepResult, error) {
	m := p.Media[step.Index]
	file, err := s.Media.Open(ctx, m.ID)
	if err != nil {
		kind := platforms.NotSent
		if errors.Is(err, fs.ErrNotExist) {
			kind = platforms.MediaRejected
		}
		e := f.api.Refuse(kind, platforms.CodeMediaGone, stepUpload, err)
		e.Args = map[string]string{"file": m.Name}
		return platforms.StepResult{}, e
	}
	defer file.Close()
	params := url.Values{"published": {"false"}}
	if alt := strings.TrimSpace(m.Alt); alt != "" && p.Format != platforms.FormatStory {
		params.Set("alt_text_custom", alt)
	}
	call := graph.Call{
		Op: stepUpload, Method: http.MethodPost, Path: s.Account.RemoteID + "/photos", App: s.App, Token: s.Access, Params: params,
		File: &graph.File{Reader: file.Whole(), Name: "photo" + extension(file.Type), Type: file.Type, Bytes: file.Bytes},
	}
	var a struct{ ID string }
	resp, err := f.api.Do(ctx, call, &a)
	switch {
	case err != nil:
		return platforms.StepResult{}, err
	case a.ID == "":
		return platforms.StepResult{}, f.api.NoID(call, resp)
	}
	return platforms.StepResult{
		Kind: stepUpload, Index: step.Index, Ref: a.ID, State: platforms.StepDone, ExpiresAt: f.api.Now().Add(photoLife),
	}, nil
}

// extension keeps the uploader's file name, which may say something private,
// out of the form.
func extension(contentType string) string {
	if contentType == "image/png" {
		return ".png"
	}
	return ".jpg"
}

func (f *facebook) post(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult) (platforms.StepResult, error) {
	params := url.Values{"fields": {"id,permalink_url"}}
	if text := feed.FinalText(p.Draft); text != "" {
		params.Set("message", text)
	}
	if len(p.Media) == 0 && p.Link != nil {
		params.Set("link", p.Link.URL) // a link and photos exclude each other
	}
	for i := range p.Media {
		photo, err := json.Marshal(map[string]string{"media_fbid": uploaded(done, i)})
		if err != nil {
			return platforms.StepResult{}, f.api.Refuse(platforms.NotSent, platforms.CodeUnknownRefusal, stepPublish, err)
		}
		params.Set("attached_media["+strconv.Itoa(i)+"]", string(photo))
	}
	call := graph.Call{
		Op: stepPublish, Method: http.MethodPost, Path: s.Account.RemoteID + "/feed",
		App: s.App, Token: s.Access, Params: params, Irreversible: true,
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
		Kind: stepPublish, State: platforms.StepDone, Ref: a.ID, RemoteID: a.ID,
		RemoteURL: f.address(a.ID, a.Permalink), PublishedAt: f.api.Now(),
	}, nil
}

// address is where people see the post. The plain form always redirects there.
func (f *facebook) address(id, permalink string) string {
	if permalink != "" {
		return permalink
	}
	return f.api.Web(id)
}

// clockMargin is how far Meta's clock may be behind ours when a post is looked
// for by its time.
const clockMargin = 2 * time.Minute

// published is one post of a Page as it is read back.
type published struct {
	ID          string
	Message     string
	Created     graph.Time `json:"created_time"`
	Permalink   string     `json:"permalink_url"`
	Attachments struct{ Data []attachment }
}

type attachment struct {
	Unshimmed string `json:"unshimmed_url"`
	Target    struct{ ID string }
	Sub       struct{ Data []attachment } `json:"subattachments"`
}

// Settle implements platforms.Publisher: it reads the latest posts of the Page, its
// stories, or what stands under a post.
func (f *facebook) Settle(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, tried time.Time) (platforms.Evidence, error) {
	switch lastStep(p) {
	case stepStory:
		return f.findStory(ctx, s, uploaded(done, 0), tried)
	case stepComment:
		return f.findComment(ctx, s, p, tried)
	}
	var a struct{ Data []published }
	_, err := f.api.Do(ctx, graph.Call{
		Op: graph.OpRead, Path: s.Account.RemoteID + "/published_posts", App: s.App, Token: s.Access,
		Params: url.Values{
			"fields": {"id,message,created_time,permalink_url,attachments{target{id},unshimmed_url,subattachments.limit(20){target{id}}}"},
			"since":  {strconv.FormatInt(tried.Add(-clockMargin).Unix(), 10)},
			"limit":  {"100"},
		},
	}, &a)
	if err != nil {
		return platforms.Evidence{}, err
	}
	var found []platforms.Match
	text := feed.FinalText(p.Draft)
	for _, post := range a.Data {
		if !post.Created.Before(tried.Add(-clockMargin)) && post.shows(p, text, done) {
			found = append(found, platforms.Match{
				RemoteID: post.ID, RemoteURL: f.address(post.ID, post.Permalink), PublishedAt: post.Created.Time,
			})
		}
	}
	return platforms.ReadBack(found...), nil
}

// shows reports whether this is the post we meant: the same text, and the very
// photos we uploaded or the same link.
func (post published) shows(p platforms.Publication, text string, done []platforms.StepResult) bool {
	if !sameText(post.Message, text) {
		return false
	}
	if len(p.Media) > 0 {
		var want []string
		for i := range p.Media {
			want = append(want, uploaded(done, i))
		}
		slices.Sort(want)
		return slices.Equal(post.photos(), want)
	}
	if p.Link != nil && len(post.Attachments.Data) > 0 && post.Attachments.Data[0].Unshimmed != "" {
		return strings.TrimSuffix(post.Attachments.Data[0].Unshimmed, "/") == strings.TrimSuffix(p.Link.URL, "/")
	}
	return text != "" || p.Link != nil
}

// sameText compares texts regardless of how white space was kept.
func sameText(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// photos are the ids of the photos in the post, sorted.
func (post published) photos() []string {
	var ids []string
	for _, a := range post.Attachments.Data {
		if len(a.Sub.Data) == 0 && a.Target.ID != "" {
			ids = append(ids, a.Target.ID)
		}
		for _, sub := range a.Sub.Data {
			ids = append(ids, sub.Target.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
