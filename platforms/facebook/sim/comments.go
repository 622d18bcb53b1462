package sim

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms"
)

// comment stands under a post of a Page or of an account.
type comment struct {
	Platform              platforms.ID
	ID, On, Account, Text string
	Made                  time.Time
}

// The most characters of a comment. Meta names neither: that of Facebook is told by
// those who met it, that of Instagram is the limit of a caption, which its own app
// holds comments to.
const (
	maxPageComment    = 8000
	maxAccountComment = maxCaption
)

// gone reports whether somebody deleted what the record holds under this id.
func (s *server) gone(platform platforms.ID, id string) bool {
	p, ok := s.Post(platform, id)
	return ok && p.Deleted
}

// commentOnPost makes a comment in the name of the Page.
func (s *server) commentOnPost(c *call, p *post) (any, *refusal) {
	owner := findPage(p.Page)
	if no := acts(c, owner, "pages_manage_engagement", "MODERATE"); no != nil {
		return nil, no
	}
	text := c.form.Get("message")
	switch {
	case text == "":
		return nil, refuse(100, 0, "(#100) A comment needs a message or an attachment.")
	case utf8.RuneCountInString(text) > maxPageComment:
		return nil, refuse(100, 0, "(#100) The comment is too long.")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	_, number := cutID(p.ID)
	made := s.comment(&comment{Platform: facebook, ID: s.NextID(number + "_"), On: p.ID, Account: owner.ID, Text: text})
	return s.readPageComment(made, c.token), nil
}

// cutID parts the id of a Page's post into the Page and the number of the post.
func cutID(id string) (page, number string) {
	for i := range id {
		if id[i] == '_' {
			return id[:i], id[i+1:]
		}
	}
	return "", id
}

// comment keeps a comment and puts it on record. The caller holds the lock.
func (s *server) comment(made *comment) *comment {
	made.Made = s.Now()
	s.State.Comments[made.ID] = made
	s.record(platforms.SimPost{
		Platform: made.Platform, Account: made.Account, ID: made.ID, Text: made.Text, Time: made.Made,
		Kind: platforms.SimComment, Parent: made.On,
	}, nil, nil)
	return made
}

// under lists the comments on a post that lists show, oldest first. The caller holds
// the lock.
func (s *server) under(platform platforms.ID, post string) []*comment {
	var list []*comment
	for _, m := range s.State.Comments {
		if m.Platform == platform && m.On == post && s.Listed(m.Made) && !s.gone(platform, m.ID) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b *comment) int { return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID, b.ID)) })
	return list
}

func (s *server) pageComments(c *call, p *post) (any, *refusal) {
	if no := acts(c, findPage(p.Page), "pages_read_engagement", ""); no != nil {
		return nil, no
	}
	for name, values := range map[string][]string{"filter": {"toplevel", "stream"}, "order": {"chronological", "reverse_chronological"}} {
		if c.form.Has(name) && !slices.Contains(values, c.form.Get(name)) {
			return nil, refuse(100, 0, "(#100) Param "+name+" must be one of {"+values[0]+", "+values[1]+"}")
		}
	}
	most, no := limitOf(c)
	if no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	list := s.under(facebook, p.ID)
	if c.form.Get("order") == "reverse_chronological" {
		slices.Reverse(list)
	}
	data := []map[string]any{}
	for _, m := range list[:min(most, len(list))] {
		data = append(data, s.readPageComment(m, c.token))
	}
	return map[string]any{"data": commentNode.all(data, c.wants)}, nil
}

// readPageComment is a comment as a token sees it: who wrote it is told only to those
// who may read what visitors write.
func (s *server) readPageComment(m *comment, t *token) map[string]any {
	out := map[string]any{
		"id": m.ID, "message": m.Text, "created_time": m.Made.Format(apiTime), "permalink_url": s.web(m.ID), "is_hidden": false, "like_count": 0,
	}
	if t.may("pages_read_user_content") {
		out["from"] = map[string]any{"id": m.Account, "name": findPage(m.Account).Name}
	}
	return out
}

// commentOnMedia makes a comment in the name of the account.
func (s *server) commentOnMedia(c *call, m *media) (any, *refusal) {
	p, owner := findProfile(m.Account)
	if no := actsFor(c, p, owner, "instagram_manage_comments"); no != nil {
		return nil, no
	}
	text := c.form.Get("message")
	switch {
	case m.Story:
		return nil, refuse(100, 0, "(#100) Comments on stories are not supported.")
	case text == "":
		return nil, refuse(100, 0, "(#100) The parameter message is required")
	case len(utf16.Encode([]rune(text))) > maxAccountComment:
		return nil, refuse(100, 0, "(#100) The comment is too long.")
	case len(hashtags.FindAllString(text, -1)) > maxHashtags:
		return nil, refuse(100, 0, "(#100) The comment has too many hashtags.")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	made := s.comment(&comment{Platform: instagram, ID: s.NextID("178"), On: m.ID, Account: p.ID, Text: text})
	return readAccountComment(made), nil
}

// accountComments lists the comments on a post, the newest first.
func (s *server) accountComments(c *call, m *media) (any, *refusal) {
	p, owner := findProfile(m.Account)
	if no := actsFor(c, p, owner, "instagram_manage_comments"); no != nil {
		return nil, no
	}
	most, no := limitOf(c)
	if no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	list := s.under(instagram, m.ID)
	slices.Reverse(list)
	data := []map[string]any{}
	for _, one := range list[:min(most, len(list))] {
		data = append(data, readAccountComment(one))
	}
	return map[string]any{"data": accountCommentNode.all(data, c.wants)}, nil
}

func (s *server) accountComment(c *call, m *comment) (any, *refusal) {
	p, owner := findProfile(m.Account)
	if no := actsFor(c, p, owner, "instagram_manage_comments"); no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	one := readAccountComment(m)
	if on := s.State.Media[m.On]; on != nil {
		one["media"] = s.readMedia(on)
	}
	return accountCommentNode.pick(one, c.wants), nil
}

func readAccountComment(m *comment) map[string]any {
	p, _ := findProfile(m.Account)
	return map[string]any{
		"id": m.ID, "text": m.Text, "timestamp": m.Made.Format(apiTime), "username": p.Username, "like_count": 0, "hidden": false,
		"from": map[string]any{"id": "9" + p.ID, "username": p.Username},
	}
}
