package sim

import (
	"net/http"
	"slices"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// showPage is the public page of an organisation, newest post first.
func (s *Sim) showPage(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(organizations, func(o organization) bool { return o.Vanity == r.PathValue("vanity") })
	if i < 0 {
		nothingHere(w, r)
		return
	}
	page := simkit.PostsPage{Platform: "LinkedIn", Account: organizations[i].Name}
	for _, p := range slices.Backward(s.Posts()) {
		if p.Account == organizations[i].ID && p.Kind == "" {
			v := s.view(r, p)
			v.Address = address(r, p.ID)
			page.Posts = append(append(page.Posts, v), s.commentViews(r, p.ID)...)
		}
	}
	simkit.ShowPosts(w, r, page)
}

// showPost is the public page of one post, with the comments below it.
func (s *Sim) showPost(w http.ResponseWriter, r *http.Request) {
	p, ok := s.Post(id, r.PathValue("urn"))
	if !ok || p.Kind != "" {
		nothingHere(w, r)
		return
	}
	o, _ := organizationOf(orgPrefix + p.Account)
	simkit.ShowPosts(w, r, simkit.PostsPage{
		Platform: "LinkedIn", Account: o.Name, Posts: append([]simkit.PostView{s.view(r, p)}, s.commentViews(r, p.ID)...),
	})
}

// address is where the page of a post is, as seen from another.
func address(r *http.Request, post string) string {
	return simkit.Root(r) + "www/feed/update/" + post + "/"
}

func (s *Sim) view(r *http.Request, p platforms.SimPost) simkit.PostView {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	v := simkit.PostView{Text: p.Text, Link: p.Link, Time: p.Time, Deleted: p.Deleted}
	for i, urn := range s.State.Posts[p.ID].Images {
		v.Pictures = append(v.Pictures, simkit.PictureView{Src: simkit.Root(r) + "www/pictures/" + urn, Alt: p.Media[i].Alt})
	}
	return v
}

func (s *Sim) showPicture(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	picture, ok := s.State.Small[r.PathValue("id")]
	s.Mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	picture.ServeSmall(w)
}

func nothingHere(w http.ResponseWriter, r *http.Request) {
	simkit.ShowNotice(w, r, simkit.Notice{
		Platform: "LinkedIn", Title: "This page doesn’t exist", Text: "Please check the address, or the post was deleted.", Status: http.StatusNotFound,
	})
}
