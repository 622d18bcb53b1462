package x

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// The steps of a post: each picture is uploaded and, where it has a
// description, described; then everything becomes public in one call.
const (
	stepUpload   = "upload"
	stepDescribe = "describe"
	stepPublish  = "publish"
)

// Plan implements platforms.Publisher.
func (*Platform) Plan(p platforms.Publication, done []platforms.StepResult) platforms.Step {
	if _, ok := platforms.Finished(done, stepPublish, 0); ok {
		return platforms.Step{}
	}
	for i, m := range p.Media {
		if _, ok := platforms.Finished(done, stepUpload, i); !ok {
			return platforms.Step{Kind: stepUpload, Index: i, Sends: m.Bytes}
		}
		if _, ok := platforms.Finished(done, stepDescribe, i); !ok && strings.TrimSpace(m.Alt) != "" {
			return platforms.Step{Kind: stepDescribe, Index: i}
		}
	}
	return platforms.Step{Kind: stepPublish, Irreversible: true}
}

// Perform implements platforms.Publisher.
func (p *Platform) Perform(ctx context.Context, s platforms.Session, pub platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	switch step.Kind {
	case stepUpload:
		return p.upload(ctx, s, pub.Media[step.Index], step)
	case stepDescribe:
		r, _ := platforms.Finished(done, stepUpload, step.Index)
		return p.describe(ctx, s, r.Ref, pub.Media[step.Index].Alt, step)
	}
	return p.publish(ctx, s, pub, done, step)
}

// upload sends one picture in one call.
// https://docs.x.com/x-api/media/upload-media
func (p *Platform) upload(ctx context.Context, s platforms.Session, m platforms.Media, step platforms.Step) (platforms.StepResult, error) {
	file, err := s.Media.Open(ctx, m.ID)
	if err != nil {
		e := p.client.Error(platforms.MediaRejected, platforms.CodeMediaGone, stepUpload, nil)
		e.Args, e.Err = map[string]string{"file": m.Name}, err
		return platforms.StepResult{}, e
	}
	defer file.Close()
	body, size, contentType, err := uploadForm(file)
	if err != nil {
		e := p.client.Error(platforms.NotSent, platforms.CodeMediaGone, stepUpload, nil)
		e.Err = err
		return platforms.StepResult{}, e
	}
	var answer struct {
		Data struct {
			ID      string `json:"id"`
			Expires int64  `json:"expires_after_secs"`
		} `json:"data"`
	}
	resp, err := p.call(ctx, apihttp.Request{
		Op: stepUpload, Method: http.MethodPost, URL: p.api + "/2/media/upload",
		Bearer: s.Access, Body: body, Size: size, Type: contentType, Upload: true,
	}, &answer)
	if err != nil {
		return platforms.StepResult{}, nameFile(err, m.Name)
	}
	if answer.Data.ID == "" {
		return platforms.StepResult{}, p.client.Unclear(stepUpload, resp, "the answer names no picture")
	}
	r := platforms.StepResult{Kind: step.Kind, Index: step.Index, Ref: answer.Data.ID, State: platforms.StepDone}
	if answer.Data.Expires > 0 {
		r.ExpiresAt = p.now().Add(time.Duration(answer.Data.Expires) * time.Second).UTC()
	}
	return r, nil
}

// uploadForm is the form around a picture, without a copy of the picture. The name
// that a person gave the file stays here.
func uploadForm(file platforms.MediaFile) (body io.Reader, size int64, contentType string, err error) {
	var head, tail bytes.Buffer
	form := multipart.NewWriter(&head)
	err = errors.Join(
		form.WriteField("media_category", "tweet_image"),
		form.WriteField("media_type", file.Type),
	)
	part := textproto.MIMEHeader{}
	part.Set("Content-Disposition", multipart.FileContentDisposition("media", "picture"+extensions[file.Type]))
	part.Set("Content-Type", file.Type)
	if _, e := form.CreatePart(part); e != nil {
		err = errors.Join(err, e)
	}
	tail.WriteString("\r\n--" + form.Boundary() + "--\r\n")
	size = int64(head.Len()) + file.Bytes + int64(tail.Len())
	return io.MultiReader(&head, file.Whole(), &tail), size, form.FormDataContentType(), err
}

// extensions are the ends of file names, by what rules allow to be sent.
var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png"}

// describe gives an uploaded picture its description.
// https://docs.x.com/x-api/media/metadata-create
func (p *Platform) describe(ctx context.Context, s platforms.Session, mediaID, alt string, step platforms.Step) (platforms.StepResult, error) {
	type text struct {
		Text string `json:"text"`
	}
	body := map[string]any{"id": mediaID, "metadata": map[string]any{"alt_text": text{strings.TrimSpace(alt)}}}
	var answer struct{}
	if _, err := p.call(ctx, apihttp.Request{
		Op: stepDescribe, Method: http.MethodPost, URL: p.api + "/2/media/metadata", Bearer: s.Access, JSON: body,
	}, &answer); err != nil {
		return platforms.StepResult{}, err
	}
	return platforms.StepResult{Kind: step.Kind, Index: step.Index, Ref: mediaID, State: platforms.StepDone}, nil
}

// newPost is the body of the publishing call.
type newPost struct {
	Text          string    `json:"text,omitempty"`
	Media         *newMedia `json:"media,omitempty"`
	Reply         *newReply `json:"reply,omitempty"`
	ReplySettings string    `json:"reply_settings,omitempty"`
}

type newReply struct {
	To string `json:"in_reply_to_tweet_id"`
}

type newMedia struct {
	IDs []string `json:"media_ids"`
}

// publish makes the post public. There is no key that would make a repeat
// harmless. https://docs.x.com/x-api/posts/create-post
func (p *Platform) publish(ctx context.Context, s platforms.Session, pub platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	body := newPost{Text: wireText(pub)}
	if pub.Reply != nil {
		body.Reply = &newReply{To: pub.Reply.Parent.ID}
	} else if who := pub.Options[optionReplies]; who != everyone {
		body.ReplySettings = who // of the whole thread, said once where it begins
	}
	for i := range pub.Media {
		r, _ := platforms.Finished(done, stepUpload, i)
		if body.Media == nil {
			body.Media = &newMedia{}
		}
		body.Media.IDs = append(body.Media.IDs, r.Ref)
	}
	var answer struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	resp, err := p.call(ctx, apihttp.Request{
		Op: stepPublish, Method: http.MethodPost, URL: p.api + "/2/tweets", Bearer: s.Access, JSON: body, Irreversible: true,
	}, &answer)
	if err != nil {
		return platforms.StepResult{}, p.notYet(withLink(err, pub.Link), pub)
	}
	if !isID(answer.Data.ID) {
		return platforms.StepResult{}, p.client.Unclear(stepPublish, resp, "the answer names no post")
	}
	return platforms.StepResult{
		Kind: step.Kind, State: platforms.StepDone,
		RemoteID: answer.Data.ID, RemoteURL: p.permalink(s.Account, answer.Data.ID), PublishedAt: p.now().UTC(),
	}, nil
}

// wireText is the text as it is sent and counted.
func wireText(pub platforms.Publication) string { return clean(rules.FinalText(pub.Draft)) }

// isID tells whether s is a post id: up to 19 digits.
func isID(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil && len(s) <= 19
}

// nameFile says in the message which picture was refused.
func nameFile(err error, name string) error {
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.Kind == platforms.MediaRejected {
		e.Args = map[string]string{"file": name}
	}
	return err
}

// withLink says in the message which address was refused.
func withLink(err error, link *platforms.Link) error {
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.Code == platforms.CodeLinkNotAllowed && link != nil {
		e.Args = map[string]string{"url": link.URL}
	}
	return err
}

// X can refuse to thread onto a post that it took a moment ago, with the words for
// one that is gone: not all of its servers know it yet
// (github.com/plhery/node-twitter-api-v2/issues/366, checked on 2026-12-01).
const (
	knownAfter = 2 * time.Minute // by then all of them do
	askAfter   = time.Minute
	idEpoch    = 1288834974657 // where the times in X's ids begin, in Unix milliseconds
)

// notYet tells a parent that is too new from one that is gone, by its age: its id
// holds the time. The refusal proves that nothing was published.
func (p *Platform) notYet(err error, pub platforms.Publication) error {
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok || e.Code != platforms.CodeParentGone || pub.Reply == nil {
		return err
	}
	id, parseErr := strconv.ParseInt(pub.Reply.Parent.ID, 10, 64)
	if parseErr != nil || p.now().Sub(time.UnixMilli(id>>22+idEpoch)) >= knownAfter {
		return err
	}
	e.Kind, e.Code, e.RetryAt = platforms.RateLimited, platforms.CodePlatformDown, p.now().Add(askAfter).UTC()
	return err
}

// clockSlack is how far X's clock and ours may be apart when a post is looked
// for by its time.
const clockSlack = 5 * time.Minute

// Settle looks through the account's latest posts for this one: same words, the
// very pictures that were uploaded, a reply to the same post or to none, not older
// than the try.
func (p *Platform) Settle(ctx context.Context, s platforms.Session, pub platforms.Publication, done []platforms.StepResult, tried time.Time) (platforms.Evidence, error) {
	since := tried.Add(-clockSlack).UTC()
	without, parent := "retweets,replies", ""
	if pub.Reply != nil {
		without, parent = "retweets", pub.Reply.Parent.ID
	}
	var answer timeline
	_, err := p.readPosts(ctx, apihttp.Request{
		Op: "settle", URL: p.api + "/2/users/" + url.PathEscape(s.Account.RemoteID) + "/tweets",
		Query: url.Values{
			"max_results": {"20"},
			"exclude":     {without},
			"start_time":  {since.Format(time.RFC3339)},
		},
		Bearer: s.Access,
	}, "created_at,entities,attachments,"+fieldNote+","+fieldReferenced, &answer)
	if err != nil {
		return platforms.Evidence{}, err
	}
	want := canonical(wireText(pub), nil)
	var found []platforms.Match
	for _, t := range answer.Data {
		if !t.CreatedAt.Before(since) && t.repliesTo() == parent && canonical(t.text(), &t.Entities) == want && t.shows(pub, done) {
			found = append(found, platforms.Match{RemoteID: t.ID, RemoteURL: p.permalink(s.Account, t.ID), PublishedAt: t.CreatedAt.UTC()})
		}
	}
	return platforms.ReadBack(found...), nil
}

// shows reports whether the post carries the pictures that were uploaded for this
// one. A media key is a number for the kind, "_", and the id that the upload was
// given.
func (t foundPost) shows(pub platforms.Publication, done []platforms.StepResult) bool {
	keys := t.Attachments.MediaKeys
	if len(keys) != len(pub.Media) {
		return false
	}
	for i := range pub.Media {
		up, _ := platforms.Finished(done, stepUpload, i)
		if !slices.ContainsFunc(keys, func(key string) bool { return up.Ref != "" && strings.HasSuffix(key, "_"+up.Ref) }) {
			return false
		}
	}
	return true
}
