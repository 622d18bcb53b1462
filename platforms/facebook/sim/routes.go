package sim

import (
	"net/http"
	"strings"
)

// route finds who answers a call. Ids say what they belong to.
func (s *server) route(method string, c *call) route {
	first, rest := c.path[0], strings.Join(c.path[1:], "/")
	get := method == http.MethodGet
	switch c.path[0] + "/" + rest {
	case "oauth/access_token":
		return route{ops: []string{"token"}, open: true, answer: s.exchange}
	case "debug_token/":
		return route{ops: []string{"read"}, answer: s.debugToken}
	case "me/permissions":
		if !get {
			break
		}
		return route{ops: []string{"read"}, answer: s.permissions}
	case "me/accounts":
		return route{ops: []string{"read"}, answer: s.accounts}
	}
	if rest == "permissions" && method == http.MethodDelete {
		return route{ops: []string{"revoke"}, answer: func(c *call) (any, *refusal) {
			if first != "me" && first != personOf(c.token.App) {
				return nil, errNotFound
			}
			return s.withdraw(c)
		}}
	}
	if p := findPage(first); p != nil {
		return s.pageRoute(get, p, rest, c)
	}
	if p, owner := findProfile(first); p != nil {
		return s.profileRoute(get, p, owner, rest, c)
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if p := s.State.PagePosts[first]; p != nil && get {
		return s.postRoute(p, rest, c)
	}
	if m := s.State.Media[first]; m != nil && get {
		return s.mediaRoute(m, rest, c)
	}
	if b := s.State.Containers[first]; b != nil && get && rest == "" {
		return route{platform: instagram, ops: []string{"status"}, answer: func(c *call) (any, *refusal) { return s.containerStatus(c, b) }}
	}
	return route{ops: []string{"read"}, answer: func(*call) (any, *refusal) { return nil, errNotFound }}
}

// read tells whether fields ask for numbers, which have an operation of their own.
func read(c *call, signs ...string) []string {
	for _, sign := range signs {
		if strings.Contains(c.form.Get("fields"), sign) {
			return []string{"numbers"}
		}
	}
	return []string{"read"}
}

func (s *server) pageRoute(get bool, p *page, rest string, c *call) route {
	rt := route{platform: facebook, ops: read(c, "followers_count", "fan_count")}
	switch {
	case get && rest == "":
		rt.answer = func(c *call) (any, *refusal) { return s.pageNode(c, p) }
	case get && (rest == "published_posts" || rest == "feed"):
		rt.answer = func(c *call) (any, *refusal) { return s.publishedPosts(c, p) }
	case !get && rest == "photos":
		rt.ops = []string{"upload"}
		rt.answer = func(c *call) (any, *refusal) { return s.uploadPhoto(c, p) }
	case !get && rest == "feed":
		rt.ops = []string{"publish"}
		rt.answer = func(c *call) (any, *refusal) { return s.makePost(c, p) }
	default:
		rt.answer = func(*call) (any, *refusal) { return nil, errNotFound }
	}
	return rt
}

func (s *server) profileRoute(get bool, p *profile, owner *page, rest string, c *call) route {
	rt := route{platform: instagram, ops: read(c, "followers_count", "media_count")}
	switch {
	case get && rest == "":
		rt.answer = func(c *call) (any, *refusal) { return s.profileNode(c, p, owner) }
	case get && rest == "media":
		rt.answer = func(c *call) (any, *refusal) { return s.listMedia(c, p, owner) }
	case get && rest == "content_publishing_limit":
		rt.answer = func(c *call) (any, *refusal) { return s.publishingLimit(c, p, owner) }
	case !get && rest == "media":
		rt.ops = []string{"container", "upload"}
		rt.answer = func(c *call) (any, *refusal) { return s.makeContainer(c, p, owner) }
	case !get && rest == "media_publish":
		rt.ops = []string{"publish"}
		rt.answer = func(c *call) (any, *refusal) { return s.publishContainer(c, p, owner) }
	default:
		rt.answer = func(*call) (any, *refusal) { return nil, errNotFound }
	}
	return rt
}

func (s *server) postRoute(p *post, rest string, c *call) route {
	rt := route{platform: facebook, ops: []string{"numbers"}}
	switch rest {
	case "":
		rt.ops = read(c, "reactions", "comments", "shares")
		rt.answer = func(c *call) (any, *refusal) { return s.postNode(c, p) }
	case "insights":
		rt.answer = func(c *call) (any, *refusal) { return s.postInsights(c, p) }
	default:
		rt.answer = func(*call) (any, *refusal) { return nil, errNotFound }
	}
	return rt
}

func (s *server) mediaRoute(m *media, rest string, c *call) route {
	rt := route{platform: instagram, ops: []string{"numbers"}}
	switch rest {
	case "":
		rt.ops = read(c, "like_count", "comments_count")
		rt.answer = func(c *call) (any, *refusal) { return s.mediaNode(c, m) }
	case "insights":
		rt.answer = func(c *call) (any, *refusal) { return s.mediaInsights(c, m) }
	default:
		rt.answer = func(*call) (any, *refusal) { return nil, errNotFound }
	}
	return rt
}
