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
		s.showPosts(w, r, "Facebook", findPage(p.Account).Name, "", []platforms.SimPost{p})
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
	s.showPosts(w, r, "Instagram", p.Name, "@"+p.Username, []platforms.SimPost{post})
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
		v := simkit.PostView{Text: p.Text, Link: p.Link, Time: p.Time, Deleted: p.Deleted}
		for _, m := range p.Media {
			v.Pictures = append(v.Pictures, simkit.PictureView{Src: simkit.Root(r) + "pictures/" + m.SHA256, Alt: m.Alt})
		}
		view.Posts = append(view.Posts, v)
	}
	simkit.ShowPosts(w, r, view)
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
