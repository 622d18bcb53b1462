package linkedin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// The steps of a post: for each picture an upload is prepared and done, then
// LinkedIn is asked until every picture is ready, and one call publishes. A comment
// is one call alone.
const (
	stepPrepare = "prepare"
	stepUpload  = "upload"
	stepWait    = "wait"
	stepPublish = "publish"
)

// pictures are what has to be uploaded: those of the post, or the one of its
// article card, which LinkedIn does not fetch by itself.
func pictures(p platforms.Publication) []platforms.Media {
	if len(p.Media) == 0 && p.Link != nil && p.Link.Image != nil {
		return []platforms.Media{*p.Link.Image}
	}
	return p.Media
}

// Plan implements platforms.Publisher.
func (*Platform) Plan(p platforms.Publication, done []platforms.StepResult) platforms.Step {
	last := stepPublish
	if p.Reply != nil {
		last = stepComment
	}
	if _, ok := platforms.Finished(done, last, 0); ok {
		return platforms.Step{}
	}
	if p.Reply != nil {
		return platforms.Step{Kind: stepComment, Irreversible: true}
	}
	all := pictures(p)
	for i, m := range all {
		if _, ok := platforms.Finished(done, stepPrepare, i); !ok {
			return platforms.Step{Kind: stepPrepare, Index: i, Quiet: true}
		}
		if _, ok := platforms.Finished(done, stepUpload, i); !ok {
			return platforms.Step{Kind: stepUpload, Index: i, Sends: m.Bytes}
		}
	}
	for i := range all {
		if _, ok := platforms.Finished(done, stepWait, i); !ok {
			return platforms.Step{Kind: stepWait, Index: i, Waits: true}
		}
	}
	return platforms.Step{Kind: stepPublish, Irreversible: true}
}

// Perform implements platforms.Publisher.
func (p *Platform) Perform(ctx context.Context, s platforms.Session, pub platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	switch step.Kind {
	case stepPrepare:
		return p.prepare(ctx, s, step)
	case stepUpload:
		return p.upload(ctx, s, pictures(pub)[step.Index], done, step)
	case stepWait:
		return p.wait(ctx, s, done, step)
	case stepComment:
		return p.comment(ctx, s, pub, step)
	}
	return p.publish(ctx, s, pub, done, step)
}

// slot is what prepare leaves for upload.
type slot struct {
	URL   string `json:"url"`
	Image string `json:"image"`
}

// prepare asks where to send a picture.
// https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api
func (p *Platform) prepare(ctx context.Context, s platforms.Session, step platforms.Step) (platforms.StepResult, error) {
	var answer struct {
		Value struct {
			UploadURL string `json:"uploadUrl"`
			Expires   int64  `json:"uploadUrlExpiresAt"` // milliseconds
			Image     string `json:"image"`
		} `json:"value"`
	}
	body := map[string]any{"initializeUploadRequest": map[string]string{"owner": organization(s.Account)}}
	resp, err := p.rest(ctx, s.Access, apihttp.Request{Op: stepPrepare, Method: http.MethodPost, JSON: body},
		"/images", "action=initializeUpload", &answer)
	if err != nil {
		return platforms.StepResult{}, err
	}
	if answer.Value.UploadURL == "" || answer.Value.Image == "" {
		return platforms.StepResult{}, p.client.Unclear(stepPrepare, resp, "the answer names no picture")
	}
	ref, err := json.Marshal(slot{answer.Value.UploadURL, answer.Value.Image})
	if err != nil {
		return platforms.StepResult{}, p.client.Unclear(stepPrepare, resp, "the answer cannot be kept")
	}
	r := platforms.StepResult{Kind: step.Kind, Index: step.Index, Ref: string(ref), State: platforms.StepDone}
	if answer.Value.Expires > 0 {
		r.ExpiresAt = time.UnixMilli(answer.Value.Expires).UTC()
	}
	return r, nil
}

// upload sends the bytes to the address that prepare was given.
func (p *Platform) upload(ctx context.Context, s platforms.Session, m platforms.Media, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	var to slot
	r, _ := platforms.Finished(done, stepPrepare, step.Index)
	err := json.Unmarshal([]byte(r.Ref), &to)
	address, known := p.uploadAddress(to.URL)
	if err != nil || !known {
		e := p.client.Error(platforms.NotSent, platforms.CodeUnreachable, stepUpload, nil)
		e.Err = errors.New("the upload address is not one of LinkedIn's")
		return platforms.StepResult{}, e
	}
	file, err := s.Media.Open(ctx, m.ID)
	if err != nil {
		e := p.client.Error(platforms.MediaRejected, platforms.CodeMediaGone, stepUpload, nil)
		e.Args, e.Err = map[string]string{"file": m.Name}, err
		return platforms.StepResult{}, e
	}
	defer file.Close()
	resp, err := p.client.Do(ctx, apihttp.Request{
		Op: stepUpload, Method: http.MethodPut, URL: address, Bearer: s.Access,
		Body: file.Whole(), Size: file.Bytes, Type: file.Type, Upload: true, AnyType: true,
	})
	if err != nil {
		return platforms.StepResult{}, err
	}
	result := platforms.StepResult{Kind: step.Kind, Index: step.Index, Ref: to.Image, State: platforms.StepDone}
	switch {
	case resp.OK():
		return result, nil
	case resp.Status == http.StatusNotFound, resp.Status == http.StatusGone, strings.Contains(string(resp.Body), "EXPIRED_UPLOAD_URL"):
		result.State = platforms.StepExpired
		return result, nil
	}
	e := p.refusal(stepUpload, resp)
	if between(resp) {
		return platforms.StepResult{}, p.client.Unclear(stepUpload, resp, "something in between refused")
	}
	if e.Kind == platforms.Unknown || e.Code == platforms.CodeUnknownRefusal {
		// The upload host answers in its own way; a 4xx from it is final.
		e.Kind, e.Code, e.Err = platforms.MediaRejected, platforms.CodeMediaFailed, nil
		if resp.Status == http.StatusRequestEntityTooLarge {
			e.Code = platforms.CodeMediaTooBig
		}
	}
	if e.Kind == platforms.MediaRejected {
		e.Args = map[string]string{"file": m.Name}
	}
	return platforms.StepResult{}, e
}

// between tells whether a web page refused for want of patience or right: the
// upload host says nothing about pictures in that form.
func between(resp *apihttp.Response) bool {
	page := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
	return page && (resp.Status == http.StatusForbidden || resp.Status == http.StatusTooManyRequests)
}

// uploadAddress checks an address that LinkedIn issued before a token is sent
// there, and reaches what browsers know as the web address by our own way.
func (p *Platform) uploadAddress(issued string) (string, bool) {
	for _, base := range []string{p.web, p.host} {
		if rest, ok := strings.CutPrefix(issued, base+"/"); ok {
			return p.host + "/" + rest, true
		}
	}
	u, err := url.Parse(issued)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	return issued, host == "linkedin.com" || strings.HasSuffix(host, ".linkedin.com") || strings.HasSuffix(host, ".licdn.com")
}

// wait asks once whether a picture is ready.
func (p *Platform) wait(ctx context.Context, s platforms.Session, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	uploaded, _ := platforms.Finished(done, stepUpload, step.Index)
	result := platforms.StepResult{Kind: step.Kind, Index: step.Index, Ref: uploaded.Ref, State: platforms.StepWorking}
	var answer struct {
		Status string `json:"status"`
	}
	resp, err := p.rest(ctx, s.Access, apihttp.Request{Op: stepWait}, "/images/"+encoded(uploaded.Ref), "", &answer)
	if err != nil && resp != nil && resp.Status == http.StatusForbidden {
		// Not everybody who may post may look at pictures. Publishing too early
		// is refused without harm.
		result.State = platforms.StepDone
		return result, nil
	}
	if err != nil {
		return platforms.StepResult{}, err
	}
	switch answer.Status {
	case "AVAILABLE":
		result.State = platforms.StepDone
	case "PROCESSING", "WAITING_UPLOAD":
	case "PROCESSING_FAILED":
		result.State = platforms.StepFailed
	default:
		return platforms.StepResult{}, p.client.Unclear(stepWait, resp, "the answer does not say how far the picture is")
	}
	return result, nil
}

// newPost is the body of the publishing call.
type newPost struct {
	Author       string       `json:"author"`
	Commentary   string       `json:"commentary"`
	Visibility   string       `json:"visibility"`
	Distribution distribution `json:"distribution"`
	Content      *content     `json:"content,omitempty"`
	State        string       `json:"lifecycleState"`
	NoReshare    bool         `json:"isReshareDisabledByAuthor"`
}

type distribution struct {
	Feed     string   `json:"feedDistribution"`
	Targets  []string `json:"targetEntities"`
	Channels []string `json:"thirdPartyDistributionChannels"`
}

// content is what stands below the text: exactly one of them.
type content struct {
	Media      *image      `json:"media,omitempty"`
	MultiImage *multiImage `json:"multiImage,omitempty"`
	Article    *article    `json:"article,omitempty"`
}

type image struct {
	ID  string `json:"id"`
	Alt string `json:"altText,omitempty"`
}

type multiImage struct {
	Images []image `json:"images"`
}

type article struct {
	Source      string `json:"source"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Thumbnail   string `json:"thumbnail,omitempty"`
}

// body builds the post from what is planned and what was uploaded.
func body(s platforms.Session, pub platforms.Publication, done []platforms.StepResult) newPost {
	post := newPost{
		Author: organization(s.Account), Commentary: little(rules.FinalText(pub.Draft)), Visibility: "PUBLIC",
		Distribution: distribution{Feed: "MAIN_FEED", Targets: []string{}, Channels: []string{}},
		State:        "PUBLISHED", NoReshare: pub.Options[noReshare] == "yes",
	}
	var images []image
	for i, m := range pub.Media {
		r, _ := platforms.Finished(done, stepUpload, i)
		images = append(images, image{ID: r.Ref, Alt: strings.TrimSpace(m.Alt)})
	}
	switch {
	case len(images) == 1:
		post.Content = &content{Media: &images[0]}
	case len(images) > 1:
		post.Content = &content{MultiImage: &multiImage{images}}
	case pub.Link != nil:
		thumbnail, _ := platforms.Finished(done, stepUpload, 0)
		post.Content = &content{Article: &article{
			Source: pub.Link.URL, Title: first(cmp.Or(pub.Link.Title, host(pub.Link.URL)), maxTitle),
			Description: first(pub.Link.Description, maxDescription), Thumbnail: thumbnail.Ref,
		}}
	}
	return post
}

// host names the site of an address, for a card without a title.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// first cuts a text to n characters.
func first(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// postURN is what a post is called.
var postURN = regexp.MustCompile(`^urn:li:(?:share|ugcPost):[0-9]+$`)

// publish makes the post public. Its name comes in a header, with an empty
// body. https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api
func (p *Platform) publish(ctx context.Context, s platforms.Session, pub platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	resp, err := p.rest(ctx, s.Access, apihttp.Request{
		Op: stepPublish, Method: http.MethodPost, JSON: body(s, pub, done), Irreversible: true,
	}, "/posts", "", nil)
	if err != nil {
		return platforms.StepResult{}, withLink(err, pub.Link)
	}
	urn := resp.Header.Get("x-restli-id")
	if !postURN.MatchString(urn) {
		return platforms.StepResult{}, p.client.Unclear(stepPublish, resp, "the answer names no post")
	}
	return platforms.StepResult{
		Kind: step.Kind, State: platforms.StepDone, RemoteID: urn, RemoteURL: p.permalink(urn), PublishedAt: p.now().UTC(),
	}, nil
}

// withLink says in the message which address was refused.
func withLink(err error, link *platforms.Link) error {
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.Code == platforms.CodeLinkNotAllowed && link != nil {
		e.Args = map[string]string{"url": link.URL}
	}
	return err
}

// foundPost is the part of a post that tells whether it is ours.
type foundPost struct {
	ID         string  `json:"id"`
	Commentary string  `json:"commentary"`
	CreatedAt  int64   `json:"createdAt"` // milliseconds
	State      string  `json:"lifecycleState"`
	Content    content `json:"content"`
}

// clockSlack is how far LinkedIn's clock and ours may be apart when a post is
// looked for by its time.
const clockSlack = 5 * time.Minute

// Settle looks through the Page's latest posts for this one: same words, same
// pictures or article, not older than the try. A post that a duplicate answer
// named is looked at first.
func (p *Platform) Settle(ctx context.Context, s platforms.Session, pub platforms.Publication, done []platforms.StepResult, tried time.Time) (platforms.Evidence, error) {
	if pub.Reply != nil {
		return p.settleComment(ctx, s, pub, tried)
	}
	if i := slices.IndexFunc(done, func(r platforms.StepResult) bool {
		return r.Kind == platforms.DuplicateOf && postURN.MatchString(r.Ref)
	}); i >= 0 {
		e, err := p.confirm(ctx, s, done[i].Ref)
		if err != nil || e.Verdict == platforms.SeenPublic {
			return e, err
		}
	}
	var answer struct {
		Elements []foundPost `json:"elements"`
	}
	h := http.Header{}
	h.Set("X-Restli-Method", "FINDER")
	resp, err := p.rest(ctx, s.Access, apihttp.Request{Op: "settle", Header: h},
		"/posts", "q=author&author="+encoded(organization(s.Account))+"&count=20&sortBy=CREATED", &answer)
	if err != nil {
		return platforms.Evidence{}, err
	}
	if answer.Elements == nil {
		return platforms.Evidence{}, p.client.Unclear("settle", resp, "the answer lists no posts")
	}
	want := body(s, pub, done)
	since := tried.Add(-clockSlack)
	var found []platforms.Match
	for _, f := range answer.Elements {
		if f.State == "PUBLISHED" && !time.UnixMilli(f.CreatedAt).Before(since) &&
			plain(visible(f.Commentary)) == plain(visible(want.Commentary)) && f.Content.matches(want.Content) {
			found = append(found, p.match(f))
		}
	}
	return platforms.ReadBack(found...), nil
}

func (p *Platform) match(f foundPost) platforms.Match {
	return platforms.Match{RemoteID: f.ID, RemoteURL: p.permalink(f.ID), PublishedAt: time.UnixMilli(f.CreatedAt).UTC()}
}

// confirm looks whether the post that a duplicate answer named is there: after
// a post was deleted, LinkedIn goes on naming it for a day or two.
func (p *Platform) confirm(ctx context.Context, s platforms.Session, urn string) (platforms.Evidence, error) {
	var found foundPost
	resp, err := p.rest(ctx, s.Access, apihttp.Request{Op: "settle"}, "/posts/"+encoded(urn), "", &found)
	switch {
	case err != nil && resp != nil && gone(resp.Status):
		return platforms.Evidence{Verdict: platforms.SeenNothing}, nil
	case err != nil:
		return platforms.Evidence{}, err
	case found.ID != urn || found.State != "PUBLISHED":
		return platforms.Evidence{Verdict: platforms.SeenNothing}, nil
	}
	return platforms.ReadBack(p.match(found)), nil
}

func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// matches compares what stands below the text. A list that leaves it out, as
// older versions did, proves nothing.
func (c content) matches(want *content) bool {
	if want == nil {
		return len(c.keys()) == 0
	}
	return slices.Equal(c.keys(), want.keys())
}

// keys name the pictures, or the article.
func (c content) keys() []string {
	var out []string
	if c.Media != nil && c.Media.ID != "" {
		out = append(out, c.Media.ID)
	}
	if c.MultiImage != nil {
		for _, i := range c.MultiImage.Images {
			out = append(out, i.ID)
		}
	}
	if c.Article != nil && c.Article.Source != "" {
		out = append(out, c.Article.Source)
	}
	return out
}
