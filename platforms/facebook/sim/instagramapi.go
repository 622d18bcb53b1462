package sim

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// container is a picture or an album on its way to being a post.
type container struct {
	ID, Account, Caption, Alt, SHA string
	Item                           bool // belongs into an album
	Story                          bool
	Children                       []string
	Made, Ready                    time.Time
	Failed                         string // text of its ERROR
	Published                      string // id of the post
}

// media is a post of an account.
type media struct {
	ID, Account, Caption, Code string
	Containers                 []string // the pictures, in order
	Story                      bool
	Made                       time.Time
}

// The limits of accounts.
const (
	maxCaption    = 2200
	maxHashtags   = 30
	maxMentions   = 20
	maxImageBytes = 8 << 20
	minAlbum      = 2
	maxAlbum      = 10
	postsPerDay   = 100
	boxesPerDay   = 400
	containerLife = 24 * time.Hour
	// workTime is how long a picture is IN_PROGRESS.
	workTime = time.Second
	// fetchTime is how long the server waits for a picture.
	fetchTime = 10 * time.Second
)

// actsFor checks that the token belongs to the Page the account is linked to.
func actsFor(c *call, p *profile, owner *page, scope string) *refusal {
	switch {
	case !c.token.sees(p.ID) || c.token.Kind == tokenPage && c.token.Page != owner.ID:
		return errNotFound
	case !c.token.may("instagram_basic") || !c.token.may(scope):
		return refuse(10, 0, "(#10) Application does not have permission for this action")
	}
	return nil
}

func (s *server) profileNode(c *call, p *profile, owner *page) (any, *refusal) {
	if no := actsFor(c, p, owner, "instagram_basic"); no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	n := 0
	for _, m := range s.State.Media {
		if m.Account == p.ID && !m.Story {
			n++
		}
	}
	return linkedNode.pick(map[string]any{
		"id": p.ID, "username": p.Username, "name": p.Name, "followers_count": p.Followers, "follows_count": 57, "media_count": n,
	}, c.wants), nil
}

func (s *server) makeContainer(c *call, p *profile, owner *page) (any, *refusal) {
	if no := actsFor(c, p, owner, "instagram_content_publish"); no != nil {
		return nil, no
	}
	now := s.Now()
	b := &container{
		Account: p.ID, Caption: c.form.Get("caption"), Alt: c.form.Get("alt_text"), Made: now, Ready: now.Add(workTime),
		Item: c.form.Get("is_carousel_item") == "true", Story: c.form.Get("media_type") == "STORIES",
	}
	switch {
	case b.Story && b.Item:
		return nil, refuse(100, 0, "(#100) A story cannot be an item of a carousel.")
	case b.Story:
		b.Caption, b.Alt = "", "" // a story shows neither
	case b.Item:
		b.Caption = ""
	}
	if no := caption(b.Caption); no != nil {
		return nil, no
	}
	var pic simkit.Picture
	switch c.form.Get("media_type") {
	case "CAROUSEL":
		b.Children = strings.Split(c.form.Get("children"), ",")
	case "", "STORIES":
		if c.form.Get("image_url") == "" {
			return nil, refuse(100, 0, "(#100) The parameter image_url is required")
		}
		var no *refusal
		if pic, no = s.fetch(c.Context(), c.form.Get("image_url"), b.Story); no != nil {
			return nil, no
		}
		b.SHA = pic.Facts.SHA256
	default:
		return nil, refuse(100, 2207023, "The media type is unknown.")
	}
	if c.fault == simkit.Stuck {
		b.Ready = now.Add(containerLife)
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	made := 0
	for _, o := range s.State.Containers {
		if o.Account == p.ID && now.Sub(o.Made) < 24*time.Hour {
			made++
		}
	}
	if made >= boxesPerDay {
		return nil, refuse(9, 2207042, "You have reached the maximum number of containers that can be created.")
	}
	if b.Children != nil {
		if no := s.children(b); no != nil {
			return nil, no
		}
	} else {
		s.State.Pictures[b.SHA] = pic
	}
	b.ID = s.NextID("178")
	s.State.Containers[b.ID] = b
	return map[string]any{"id": b.ID}, nil
}

// children checks the pictures of an album. The caller holds the lock.
func (s *server) children(b *container) *refusal {
	if len(b.Children) < minAlbum || len(b.Children) > maxAlbum {
		return refuse(100, 2207028, "Carousel posts need between 2 and 10 items.")
	}
	for _, id := range b.Children {
		child := s.State.Containers[id]
		switch {
		case child == nil || child.Account != b.Account || !child.Item:
			return refuse(100, 0, "(#100) Invalid carousel item "+id)
		case child.status(s.Now()) != finished:
			return errNotFresh
		}
	}
	return nil
}

var (
	hashtags = regexp.MustCompile(`#[\pL\pM\pN\p{So}_\x{1F3FB}-\x{1F3FF}\x{200D}]+`)
	mentions = regexp.MustCompile(`@[A-Za-z0-9._]+`)
)

func caption(text string) *refusal {
	switch {
	case len(utf16.Encode([]rune(text))) > maxCaption:
		return refuse(36004, 2207010, "The caption was too long.")
	case len(hashtags.FindAllString(text, -1)) > maxHashtags:
		return refuse(36004, 2207010, "The caption has too many hashtags.")
	case len(mentions.FindAllString(text, -1)) > maxMentions:
		return refuse(100, 2207040, "Cannot use more than 20 tags per created media.")
	}
	return nil
}

// fetch downloads a picture from the app, as the real server does. One of any shape
// can be a story.
func (s *server) fetch(ctx context.Context, address string, anyShape bool) (simkit.Picture, *refusal) {
	unfetchable := refuse(9004, 2207052, "The media could not be fetched from this URI.")
	unfetchable.UserText = "The media could not be fetched from this address."
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.ContainsFunc(address, func(r rune) bool { return r > 126 || r < 33 }) {
		return simkit.Picture{}, unfetchable
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	// It asks what is there before it fetches it.
	resp, no := s.get(ctx, http.MethodHead, address, unfetchable)
	if no != nil {
		return simkit.Picture{}, no
	}
	_ = resp.Body.Close()
	if resp, no = s.get(ctx, http.MethodGet, address, unfetchable); no != nil {
		return simkit.Picture{}, no
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxImageBytes+1))
	switch {
	case err != nil:
		return simkit.Picture{}, unfetchable
	case len(data) > maxImageBytes:
		return simkit.Picture{}, refuse(36000, 2207004, "The image is too large to download.")
	}
	pic, err := simkit.ReadPicture(data)
	if err != nil || pic.Facts.Type != "image/jpeg" {
		return simkit.Picture{}, refuse(36001, 2207005, "The image format is not supported.")
	}
	// Real rounding is kind to pictures of exactly 4:5.
	if ratio := float64(pic.Facts.Width) / float64(pic.Facts.Height); !anyShape && (ratio < 0.795 || ratio > 1.915) {
		return simkit.Picture{}, refuse(36003, 2207009, "The submitted image has an aspect ratio that is not allowed.")
	}
	return pic, nil
}

// get makes one request for a picture.
func (s *server) get(ctx context.Context, method, address string, unfetchable *refusal) (*http.Response, *refusal) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, unfetchable
	}
	req.Header.Set("User-Agent", "facebookexternalhit/1.1")
	resp, err := s.env.Fetch.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, refuse(-2, 2207003, "It takes too long to download the media.")
	case err != nil:
		return nil, unfetchable
	case resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "image/"):
		_ = resp.Body.Close()
		return nil, unfetchable
	}
	return resp, nil
}

// The states of a container.
const (
	working   = "IN_PROGRESS"
	finished  = "FINISHED"
	published = "PUBLISHED"
	failed    = "ERROR"
	expired   = "EXPIRED"
)

func (b *container) status(now time.Time) string {
	switch {
	case b.Published != "":
		return published
	case now.Sub(b.Made) >= containerLife:
		return expired
	case now.Before(b.Ready):
		return working
	case b.Failed != "":
		return failed
	}
	return finished
}

func (s *server) containerStatus(c *call, b *container) (any, *refusal) {
	p, owner := findProfile(b.Account)
	if no := actsFor(c, p, owner, "instagram_basic"); no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	state := b.status(s.Now())
	switch c.fault {
	case simkit.Stuck:
		state = working
	case simkit.Lapsed:
		b.Made = b.Made.Add(-containerLife)
		state = expired
	case simkit.Media:
		b.Failed = "Error: Media upload has failed with error code 2207077"
		state = failed
	}
	words := map[string]string{
		working: "In Progress: Media is still being processed.", finished: "Finished: Media has been uploaded and it is ready to be published.",
		published: "Published: Media has been published.", expired: "Expired: The container was not published within 24 hours.", failed: b.Failed,
	}
	return containerNode.pick(map[string]any{"id": b.ID, "status_code": state, "status": words[state]}, c.wants), nil
}

func (s *server) publishContainer(c *call, p *profile, owner *page) (any, *refusal) {
	if no := actsFor(c, p, owner, "instagram_content_publish"); no != nil {
		return nil, no
	}
	if c.form.Get("creation_id") == "" {
		return nil, refuse(100, 0, "(#100) The parameter creation_id is required")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	now := s.Now()
	b := s.State.Containers[c.form.Get("creation_id")]
	if b == nil || b.Account != p.ID || b.Item {
		return nil, refuse(24, 2207006, "The requested resource does not exist")
	}
	if c.fault == simkit.Lapsed {
		b.Made = b.Made.Add(-containerLife)
	}
	switch b.status(now) {
	case published:
		return nil, refuse(24, 2207008, "The media you are trying to publish does not exist any more.")
	case expired:
		return nil, refuse(-2, 2207020, "The media you are trying to access has expired. Please try to upload again.")
	case failed:
		return nil, refuse(-1, 2207032, "Create media fail, please try to re-create media")
	case working:
		return nil, errNotFresh
	}
	if s.publishedToday(p) >= postsPerDay {
		f := refuse(9, 2207042, "You reached the maximum number of posts that is allowed to be published by Content Publishing API.")
		f.Status = http.StatusForbidden
		return nil, f
	}
	parts := b.Children
	if parts == nil {
		parts = []string{b.ID}
	}
	m := &media{ID: s.NextID("179"), Account: p.ID, Caption: b.Caption, Containers: parts, Story: b.Story, Made: now}
	m.Code = strings.ToUpper(strconv.FormatUint(hash(m.ID), 36))
	b.Published = m.ID
	s.State.Media[m.ID] = m
	var pics []simkit.Picture
	var alts []string
	for _, id := range parts {
		pics, alts = append(pics, s.State.Pictures[s.State.Containers[id].SHA]), append(alts, s.State.Containers[id].Alt)
	}
	made := platforms.SimPost{Platform: instagram, Account: p.ID, ID: m.ID, Text: m.Caption, Time: now}
	if m.Story {
		made.Kind = platforms.SimStory
	}
	s.record(made, pics, alts)
	return s.readMedia(m), nil
}

// publishedToday counts the posts of the last 24 hours. The caller holds the lock.
func (s *server) publishedToday(p *profile) int {
	n := 0
	for _, m := range s.State.Media {
		if m.Account == p.ID && s.Now().Sub(m.Made) < 24*time.Hour {
			n++
		}
	}
	return n
}

func (s *server) publishingLimit(c *call, p *profile, owner *page) (any, *refusal) {
	if no := actsFor(c, p, owner, "instagram_content_publish"); no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return map[string]any{"data": limitNode.all([]map[string]any{{
		"quota_usage": s.publishedToday(p), "config": map[string]any{"quota_total": postsPerDay, "quota_duration": 86400},
	}}, c.wants)}, nil
}

func (s *server) listMedia(c *call, p *profile, owner *page) (any, *refusal) {
	if no := actsFor(c, p, owner, "instagram_basic"); no != nil {
		return nil, no
	}
	return s.mediaOf(c, p, func(m *media) bool { return !m.Story })
}

// mediaOf lists those posts of an account that belong into a list, the newest first.
func (s *server) mediaOf(c *call, p *profile, belongs func(*media) bool) (any, *refusal) {
	limit, no := limitOf(c)
	if no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var list []*media
	for _, m := range s.State.Media {
		if m.Account == p.ID && belongs(m) && s.Listed(m.Made) && !s.gone(instagram, m.ID) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b *media) int { return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(b.ID, a.ID)) })
	data := []map[string]any{}
	for _, m := range list[:min(limit, len(list))] {
		data = append(data, s.readMedia(m))
	}
	return map[string]any{"data": mediaNode.all(data, c.wants)}, nil
}

// readMedia is a post with all it holds. The caller holds the lock.
func (s *server) readMedia(m *media) map[string]any {
	kind := "IMAGE"
	if len(m.Containers) > 1 {
		kind = "CAROUSEL_ALBUM"
	}
	n := countsOf(m.ID, s.Now().Sub(m.Made))
	p, _ := findProfile(m.Account)
	out := map[string]any{
		"like_count": n.likes, "comments_count": n.comments, "username": p.Username,
		"id": m.ID, "timestamp": m.Made.Format(apiTime), "permalink": s.web("p/" + m.Code + "/"), "shortcode": m.Code,
		"media_type": kind, "media_product_type": "FEED",
	}
	if m.Story {
		out["media_product_type"], out["permalink"] = "STORY", s.web("stories/"+p.Username+"/"+m.ID+"/")
	}
	if m.Caption != "" {
		out["caption"] = m.Caption
	}
	return out
}
