package sim

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// The public view: counters that grow with the age of a post, and pages.

const maxURIs = 25

type author struct {
	DID    string `json:"did"`
	Handle string `json:"handle"`
	Name   string `json:"displayName"`
}

type postView struct {
	URI       string          `json:"uri"`
	CID       string          `json:"cid"`
	Author    author          `json:"author"`
	Record    json.RawMessage `json:"record"`
	Replies   int64           `json:"replyCount"`
	Reposts   int64           `json:"repostCount"`
	Likes     int64           `json:"likeCount"`
	Quotes    int64           `json:"quoteCount"`
	Bookmarks int64           `json:"bookmarkCount"`
	IndexedAt string          `json:"indexedAt"`
}

func (s *Sim) getPosts(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	uris := r.URL.Query()["uris"]
	if len(uris) == 0 || len(uris) > maxURIs {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "Error: Params must have the property \"uris\" with at most 25 elements")
		return
	}
	posts := []postView{} // posts that are gone are simply absent
	for _, uri := range uris {
		rec, ok := s.State.Records[uri]
		if !ok || rec.Collection != postCollection {
			continue
		}
		a, _ := s.find(rec.DID)
		age := s.Now().Sub(rec.At)
		posts = append(posts, postView{
			URI: uri, CID: rec.CID, Author: author{a.DID, a.Handle, a.Name}, Record: rec.Value,
			Likes: grown(age, 9), Reposts: grown(age, 3), Replies: grown(age, 2), Quotes: grown(age, 1), Bookmarks: grown(age, 1),
			IndexedAt: rec.At.Format(time.RFC3339Nano),
		})
	}
	answer(w, http.StatusOK, map[string]any{"posts": posts})
}

// grown is a counter that grows fast at first and never falls.
func grown(age time.Duration, pace float64) int64 {
	return int64(pace * math.Log1p(max(0, age.Minutes())/5))
}

func (s *Sim) getProfile(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	a, ok := s.find(r.URL.Query().Get("actor"))
	if !ok {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "Profile not found")
		return
	}
	posts := int64(0)
	for _, rec := range s.State.Records {
		if rec.DID == a.DID && rec.Collection == postCollection {
			posts++
		}
	}
	answer(w, http.StatusOK, struct {
		author
		Followers int64 `json:"followersCount"`
		Follows   int64 `json:"followsCount"`
		Posts     int64 `json:"postsCount"`
	}{author{a.DID, a.Handle, a.Name}, 412 + 3*posts, 87, posts})
}

// showAccount and showPost are the pages a person looks at.

func (s *Sim) showAccount(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	a, ok := s.find(r.PathValue("actor"))
	s.Mu.Unlock()
	if !ok {
		simkit.ShowNotice(w, r, simkit.Notice{Platform: "Bluesky", Title: "Profile not found", Status: http.StatusNotFound})
		return
	}
	var posts []simkit.PostView
	for _, p := range slices.Backward(s.Posts()) {
		if p.Account == a.DID {
			v := s.viewOf(r, p)
			v.Address = simkit.Root(r) + "web/profile/" + a.Handle + "/post/" + p.ID[strings.LastIndexByte(p.ID, '/')+1:]
			posts = append(posts, v)
		}
	}
	simkit.ShowPosts(w, r, simkit.PostsPage{Platform: "Bluesky", Account: a.Name, Handle: "@" + a.Handle, Posts: posts})
}

func (s *Sim) showPost(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	a, ok := s.find(r.PathValue("actor"))
	s.Mu.Unlock()
	p, found := s.Post(id, recordURI(a.DID, postCollection, r.PathValue("rkey")))
	if !ok || !found || p.Deleted {
		simkit.ShowNotice(w, r, simkit.Notice{Platform: "Bluesky", Title: "Post not found", Status: http.StatusNotFound})
		return
	}
	simkit.ShowPosts(w, r, simkit.PostsPage{
		Platform: "Bluesky", Account: a.Name, Handle: "@" + a.Handle, Posts: []simkit.PostView{s.viewOf(r, p)},
	})
}

func (s *Sim) viewOf(r *http.Request, p platforms.SimPost) simkit.PostView {
	v := simkit.PostView{Text: p.Text, Link: p.Link, Time: p.Time, Deleted: p.Deleted, Kind: p.Kind}
	if did, rkey, ok := strings.Cut(strings.TrimPrefix(p.Parent, "at://"), "/"+postCollection+"/"); ok {
		v.Parent = simkit.Root(r) + "web/profile/" + did + "/post/" + rkey
	}
	for _, m := range p.Media {
		v.Pictures = append(v.Pictures, simkit.PictureView{Src: simkit.Root(r) + "web/blob/" + m.SHA256, Alt: m.Alt})
	}
	return v
}

// showBlob serves a picture of a post by the hash of its bytes.
func (s *Sim) showBlob(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	b, ok := s.State.Blobs[cidOfHash(codecRaw, r.PathValue("sha256"))]
	s.Mu.Unlock()
	if !ok || len(b.Picture.Small) == 0 {
		http.NotFound(w, r)
		return
	}
	b.Picture.ServeSmall(w)
}
