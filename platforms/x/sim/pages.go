package sim

import (
	"net/http"
	"slices"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// showProfile is the public page of the account, newest post first.
func (s *Sim) showProfile(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("handle") != accountHandle {
		nothingHere(w, r)
		return
	}
	page := simkit.PostsPage{Platform: "X", Account: accountName, Handle: "@" + accountHandle}
	for _, p := range slices.Backward(s.Posts()) {
		v := s.view(r, p)
		v.Address = simkit.Root(r) + "web/" + accountHandle + "/status/" + p.ID
		page.Posts = append(page.Posts, v)
	}
	simkit.ShowPosts(w, r, page)
}

// showPost is the public page of one post.
func (s *Sim) showPost(w http.ResponseWriter, r *http.Request) {
	p, ok := s.Post(x.ID, r.PathValue("id"))
	if !ok {
		nothingHere(w, r)
		return
	}
	simkit.ShowPosts(w, r, simkit.PostsPage{
		Platform: "X", Account: accountName, Handle: "@" + accountHandle, Posts: []simkit.PostView{s.view(r, p)},
	})
}

func (s *Sim) view(r *http.Request, p platforms.SimPost) simkit.PostView {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	v := simkit.PostView{Text: p.Text, Link: p.Link, Time: p.Time, Deleted: p.Deleted, Kind: p.Kind}
	if p.Parent != "" {
		v.Parent = simkit.Root(r) + "web/" + accountHandle + "/status/" + p.Parent
	}
	for i, id := range s.State.Posts[p.ID].Media {
		v.Pictures = append(v.Pictures, simkit.PictureView{Src: simkit.Root(r) + "web/pictures/" + id, Alt: p.Media[i].Alt})
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
		Platform: "X", Title: "Nothing to see here", Text: "This page does not exist, or the post was deleted.", Status: http.StatusNotFound,
	})
}
