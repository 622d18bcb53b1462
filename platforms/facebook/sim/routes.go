package sim

import (
	"net/http"
	"strings"
)

// paging are the parameters of every list.
var paging = []string{"limit", "after", "before", "since", "until"}

// The parameters of the calls, beside the token, its proof and, where a node
// comes back, "fields". What Meta does with others is not known: they are refused.
// https://developers.facebook.com/docs/graph-api/reference/page/feed, /photos and
// https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media, 2026-11-30.
var (
	tokenParams     = []string{"client_id", "client_secret", "redirect_uri", "code", "grant_type", "fb_exchange_token"}
	feedParams      = []string{"message", "link", "published", "attached_media"}
	photoParams     = []string{"published", "temporary", "no_story", "caption", "alt_text_custom"}
	containerParams = []string{"image_url", "media_type", "is_carousel_item", "children", "caption", "alt_text"}
	commentParams   = []string{"message"}
	insightParams   = []string{"metric", "period"}
)

// route finds who answers a call. Ids say what they belong to.
func (s *server) route(method string, c *call) route {
	first, rest := c.path[0], strings.Join(c.path[1:], "/")
	get := method == http.MethodGet
	switch c.path[0] + "/" + rest {
	case "oauth/access_token":
		return route{ops: []string{"token"}, open: true, params: tokenParams, answer: s.exchange}
	case "debug_token/":
		if !get {
			break
		}
		return route{ops: []string{opLook}, params: []string{"input_token"}, answer: s.debugToken}
	case "me/permissions":
		if !get {
			break
		}
		return route{ops: []string{"read"}, node: permissionNode, params: paging, answer: s.permissions}
	case "me/accounts":
		if !get {
			break
		}
		return route{ops: []string{"read", "accounts"}, node: accountNode, params: paging, answer: s.accounts}
	}
	if first == "me" && rest == "businesses" && get {
		return route{ops: []string{"read"}, node: businessNode, params: paging, answer: s.businesses}
	}
	if first == business.id && get {
		return s.businessRoute(rest)
	}
	if rest == "permissions" && method == http.MethodDelete {
		return route{ops: []string{"revoke"}, answer: func(c *call) (any, *refusal) {
			if first != "me" && first != personOf(c.token.App) {
				return nil, errNotFound
			}
			return s.withdraw(c)
		}}
	}
	if method != http.MethodGet && method != http.MethodPost {
		return nowhere(method, first)
	}
	if p := findPage(first); p != nil {
		return s.pageRoute(get, p, rest, c)
	}
	if p, owner := findProfile(first); p != nil {
		return s.profileRoute(get, p, owner, rest, c)
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if p := s.State.PagePosts[first]; p != nil && !s.gone(facebook, first) {
		return s.postRoute(get, p, rest, c)
	}
	if m := s.State.Stories[first]; m != nil && get && !s.gone(facebook, first) {
		return s.storyRoute(m, rest)
	}
	if m := s.State.Media[first]; m != nil && !s.gone(instagram, first) {
		return s.mediaRoute(get, m, rest, c)
	}
	if m := s.State.Comments[first]; m != nil && get && m.Platform == instagram && !s.gone(instagram, first) {
		rt := route{platform: instagram, ops: []string{"read"}, node: accountCommentNode, answer: func(c *call) (any, *refusal) { return s.accountComment(c, m) }}
		if rest != "" {
			rt.noEdge(rest)
		}
		return rt
	}
	if b := s.State.Containers[first]; b != nil && get {
		rt := route{platform: instagram, ops: []string{"status"}, node: containerNode, answer: func(c *call) (any, *refusal) { return s.containerStatus(c, b) }}
		if rest != "" {
			rt.noEdge(rest)
		}
		return rt
	}
	return nowhere(method, first)
}

// businessRoute answers for the portfolio that holds the Pages of the world.
func (s *server) businessRoute(rest string) route {
	rt := route{ops: []string{"read"}, node: pageNode, params: paging, answer: s.ownedPages}
	switch rest {
	case "owned_pages":
	case "client_pages":
		rt.answer = func(*call) (any, *refusal) { return map[string]any{"data": []any{}}, nil }
	default:
		rt.node = businessNode
		rt.noEdge(rest)
	}
	return rt
}

// nowhere is the answer where nothing is, or nothing that takes this method.
func nowhere(method, id string) route {
	words := strings.ToLower(method)
	return route{ops: []string{"read"}, free: true, answer: func(*call) (any, *refusal) {
		f := refuse(100, 33, "Unsupported "+words+" request. Object with ID '"+id+"' does not exist, cannot be loaded due to missing permissions, or does not support this operation.")
		f.Type = "GraphMethodException"
		return nil, f
	}}
}

// noEdge makes a route refuse an edge that the node does not have.
func (rt *route) noEdge(name string) {
	n := rt.node
	rt.free, rt.answer = true, func(*call) (any, *refusal) { return nil, n.nothing(name) }
}

// read reports whether fields ask for numbers, which have an operation of their own.
func read(c *call, signs ...string) []string {
	for _, sign := range signs {
		if strings.Contains(c.form.Get("fields"), sign) {
			return []string{"numbers"}
		}
	}
	return []string{"read"}
}

func (s *server) pageRoute(get bool, p *page, rest string, c *call) route {
	rt := route{platform: facebook, ops: read(c, "followers_count", "fan_count"), node: pageNode}
	switch {
	case get && rest == "":
		rt.answer = func(c *call) (any, *refusal) { return s.pageNode(c, p) }
	case get && (rest == "published_posts" || rest == "feed"):
		rt.node, rt.params = postNode, paging
		rt.answer = func(c *call) (any, *refusal) { return s.publishedPosts(c, p) }
	case !get && rest == "photos":
		rt.ops, rt.node, rt.params, rt.file = []string{"upload"}, photoNode, photoParams, "source"
		rt.answer = func(c *call) (any, *refusal) { return s.uploadPhoto(c, p) }
	case get && rest == "stories":
		rt.node, rt.params = storyNode, append([]string{"status"}, paging...)
		rt.answer = func(c *call) (any, *refusal) { return s.pageStories(c, p) }
	case !get && rest == "photo_stories":
		rt.ops, rt.node, rt.params = []string{"publish", "story"}, nil, []string{"photo_id"}
		rt.answer = func(c *call) (any, *refusal) { return s.postPhotoStory(c, p) }
	case !get && rest == "feed":
		rt.ops, rt.node, rt.params = []string{"publish"}, postNode, feedParams
		rt.answer = func(c *call) (any, *refusal) { return s.makePost(c, p) }
	case !get:
		return nowhere(http.MethodPost, p.ID)
	default:
		rt.noEdge(rest)
	}
	return rt
}

func (s *server) profileRoute(get bool, p *profile, owner *page, rest string, c *call) route {
	rt := route{platform: instagram, ops: read(c, "followers_count", "media_count"), node: linkedNode}
	switch {
	case get && rest == "":
		rt.answer = func(c *call) (any, *refusal) { return s.profileNode(c, p, owner) }
	case get && rest == "media":
		rt.node, rt.params = mediaNode, paging
		rt.answer = func(c *call) (any, *refusal) { return s.listMedia(c, p, owner) }
	case get && rest == "stories":
		rt.node, rt.params = mediaNode, paging
		rt.answer = func(c *call) (any, *refusal) { return s.accountStories(c, p, owner) }
	case get && rest == "content_publishing_limit":
		rt.node, rt.params = limitNode, []string{"since"}
		rt.answer = func(c *call) (any, *refusal) { return s.publishingLimit(c, p, owner) }
	case !get && rest == "media":
		rt.ops, rt.node, rt.params = []string{"container", "upload"}, containerNode, containerParams
		rt.answer = func(c *call) (any, *refusal) { return s.makeContainer(c, p, owner) }
	case !get && rest == "media_publish":
		rt.ops, rt.node, rt.params = []string{"publish"}, mediaNode, []string{"creation_id"}
		rt.answer = func(c *call) (any, *refusal) { return s.publishContainer(c, p, owner) }
	case !get:
		return nowhere(http.MethodPost, p.ID)
	default:
		rt.noEdge(rest)
	}
	return rt
}

func (s *server) postRoute(get bool, p *post, rest string, c *call) route {
	rt := route{platform: facebook, ops: []string{"numbers"}, node: postNode}
	switch {
	case get && rest == "":
		rt.ops = read(c, "reactions", "comments", "shares")
		rt.answer = func(c *call) (any, *refusal) { return s.postNode(c, p) }
	case get && rest == "insights":
		rt.node, rt.params = nil, insightParams
		rt.answer = func(c *call) (any, *refusal) { return s.postInsights(c, p) }
	case get && rest == "comments":
		rt.ops, rt.node, rt.params = []string{"read"}, commentNode, append([]string{"filter", "order"}, paging...)
		rt.answer = func(c *call) (any, *refusal) { return s.pageComments(c, p) }
	case rest == "comments":
		rt.ops, rt.node, rt.params = commentOps, commentNode, commentParams
		rt.answer = func(c *call) (any, *refusal) { return s.commentOnPost(c, p) }
	case !get:
		return nowhere(http.MethodPost, p.ID)
	default:
		rt.noEdge(rest)
	}
	return rt
}

// commentOps are the operations of a comment: it makes something public, as a post
// does, and faults can be armed for it alone.
var commentOps = []string{"publish", "comment"}

func (s *server) storyRoute(m *story, rest string) route {
	rt := route{platform: facebook, ops: []string{"numbers"}, node: storyNode}
	switch rest {
	case "insights":
		rt.node, rt.params = nil, insightParams
		rt.answer = func(c *call) (any, *refusal) { return s.pageStoryInsights(c, m) }
	case "":
		rt.answer = func(*call) (any, *refusal) { return map[string]any{"post_id": m.ID}, nil }
	default:
		rt.noEdge(rest)
	}
	return rt
}

func (s *server) mediaRoute(get bool, m *media, rest string, c *call) route {
	rt := route{platform: instagram, ops: []string{"numbers"}, node: mediaNode}
	switch {
	case get && rest == "":
		rt.ops = read(c, "like_count", "comments_count")
		rt.answer = func(c *call) (any, *refusal) { return s.mediaNode(c, m) }
	case get && rest == "insights":
		rt.node, rt.params = nil, insightParams
		rt.answer = func(c *call) (any, *refusal) { return s.mediaInsights(c, m) }
	case get && rest == "comments":
		rt.ops, rt.node, rt.params = []string{"read"}, accountCommentNode, paging
		rt.answer = func(c *call) (any, *refusal) { return s.accountComments(c, m) }
	case rest == "comments":
		rt.ops, rt.node, rt.params = commentOps, accountCommentNode, commentParams
		rt.answer = func(c *call) (any, *refusal) { return s.commentOnMedia(c, m) }
	case !get:
		return nowhere(http.MethodPost, m.ID)
	default:
		rt.noEdge(rest)
	}
	return rt
}
