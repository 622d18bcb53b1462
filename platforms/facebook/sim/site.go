package sim

import (
	"net/http"
	"slices"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// showPage shows a post of a Page under its id, or all posts of a Page under
// its id or name.
func (s *server) showPage(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if p, ok := s.Post(facebook, name); ok {
		s.showPosts(w, r, "Facebook", findPage(p.Account).Name, "", s.withComments(p))
		return
	}
	i := slices.IndexFunc(pages, func(p page) bool { return p.ID == name || p.Username == name })
	if i < 0 {
		s.notThere(w, r, "Facebook")
		return
	}
	s.showPosts(w, r, "Facebook", pages[i].Name, "", s.of(facebook, pages[i].ID))
}

// showMedia shows a post of an account under its short code, or all posts of an
// account under its name.
func (s *server) showMedia(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("code")
	for _, p := range pages {
		if p.Linked != nil && p.Linked.Username == name {
			s.showPosts(w, r, "Instagram", p.Linked.Name, "@"+p.Linked.Username, s.of(instagram, p.Linked.ID))
			return
		}
	}
	s.Mu.Lock()
	id := ""
	for _, m := range s.State.Media {
		if m.Code == name {
			id = m.ID
		}
	}
	s.Mu.Unlock()
	post, ok := s.Post(instagram, id)
	if !ok {
		s.notThere(w, r, "Instagram")
		return
	}
	p, _ := findProfile(post.Account)
	s.showPosts(w, r, "Instagram", p.Name, "@"+p.Username, s.withComments(post))
}

// showStory shows a story of a Page or of an account as long as people can see it.
func (s *server) showStory(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	for _, at := range []struct {
		id   platforms.ID
		name string
	}{{facebook, "Facebook"}, {instagram, "Instagram"}} {
		p, ok := s.Post(at.id, id)
		if !ok || p.Kind != platforms.SimStory || s.Now().Sub(p.Time) >= storyLife {
			continue
		}
		name := r.PathValue("who")
		if owner := findPage(p.Account); owner != nil {
			name = owner.Name
		} else if account, _ := findProfile(p.Account); account != nil {
			name = account.Name
		}
		s.showPosts(w, r, at.name, name, "", []platforms.SimPost{p})
		return
	}
	s.notThere(w, r, "Facebook")
}

// withComments is a post with what stands below it, oldest first.
func (s *server) withComments(post platforms.SimPost) []platforms.SimPost {
	out := []platforms.SimPost{post}
	for _, p := range s.Posts() {
		if p.Platform == post.Platform && p.Kind == platforms.SimComment && p.Parent == post.ID {
			out = append(out, p)
		}
	}
	return out
}

// of lists the posts of an account, newest first.
func (s *server) of(platform platforms.ID, account string) []platforms.SimPost {
	var out []platforms.SimPost
	for _, p := range slices.Backward(s.Posts()) {
		if p.Platform == platform && p.Account == account {
			out = append(out, p)
		}
	}
	return out
}

func (s *server) showPosts(w http.ResponseWriter, r *http.Request, platform, account, handle string, posts []platforms.SimPost) {
	view := simkit.PostsPage{Platform: platform, Account: account, Handle: handle}
	for _, p := range posts {
		v := simkit.PostView{Text: p.Text, Kind: p.Kind, Link: p.Link, Time: p.Time, Deleted: p.Deleted}
		if p.Kind == platforms.SimComment {
			v.Parent = simkit.Root(r) + "www/" + s.pathOf(p.Platform, p.Parent)
		}
		for _, m := range p.Media {
			v.Pictures = append(v.Pictures, simkit.PictureView{Src: simkit.Root(r) + "pictures/" + m.SHA256, Alt: m.Alt})
		}
		view.Posts = append(view.Posts, v)
	}
	simkit.ShowPosts(w, r, view)
}

// pathOf is where the site shows a post.
func (s *server) pathOf(platform platforms.ID, id string) string {
	if platform == facebook {
		return id
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if m := s.State.Media[id]; m != nil {
		return "p/" + m.Code + "/"
	}
	return ""
}

func (*server) notThere(w http.ResponseWriter, r *http.Request, platform string) {
	simkit.ShowNotice(w, r, simkit.Notice{
		Platform: platform, Title: "This page is not available", Text: "The link may be broken, or the page was removed.", Status: http.StatusNotFound,
	})
}

func (s *server) showPicture(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	pic, ok := s.State.Pictures[r.PathValue("sha")]
	s.Mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	pic.ServeSmall(w)
}
