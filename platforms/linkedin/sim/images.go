package sim

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

const (
	uploadLife = 24 * time.Hour
	// workTime is how long a picture is worked on after it arrived.
	workTime = time.Second
	maxBytes = 8 << 20
	// maxPixels and more are not worked on.
	maxPixels = 36_152_320
)

// upload is a picture from the moment it was asked for.
type upload struct {
	Owner string    `json:"owner"`
	Path  string    `json:"path"` // last part of the upload address
	Ends  time.Time `json:"ends"`
	Came  time.Time `json:"came"` // zero until the bytes are there
	Bad   bool      `json:"bad"`
}

// status is what LinkedIn calls the state of a picture.
func (s *Sim) status(u upload) string {
	switch {
	case u.Came.IsZero():
		return "WAITING_UPLOAD"
	case u.Bad:
		return "PROCESSING_FAILED"
	case s.Now().Sub(u.Came) < workTime:
		return "PROCESSING"
	}
	return "AVAILABLE"
}

// initializeUpload is POST /rest/images?action=initializeUpload.
func (s *Sim) initializeUpload(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Request struct {
			Owner string `json:"owner"`
		} `json:"initializeUploadRequest"`
	}
	if !readBody(w, r, &in) {
		return
	}
	if in.Request.Owner == "" {
		failSchema(w, "/initializeUploadRequest/owner", "field is required but not found and has no default value")
		return
	}
	if !mayPost(in.Request.Owner) {
		roleLost(w)
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	urn, path := "urn:li:image:C4E"+simkit.Token("")[:18], simkit.Token("")
	u := upload{Owner: in.Request.Owner, Path: path, Ends: s.Now().Add(uploadLife)}
	s.State.Images[urn] = u
	send(w, http.StatusOK, map[string]any{"value": map[string]any{
		"uploadUrl": s.base + "/linkedin/www/dms-uploads/" + path, "uploadUrlExpiresAt": u.Ends.UnixMilli(), "image": urn,
	}})
}

// putImage takes the bytes at the upload address.
func (s *Sim) putImage(w http.ResponseWriter, r *http.Request) {
	act := func(w http.ResponseWriter, r *http.Request) {
		if !s.signedIn(w, r, "w_organization_social") {
			return
		}
		data, err := io.ReadAll(io.LimitReader(r.Body, maxBytes+1))
		if err != nil {
			http.Error(w, "cut off", http.StatusBadRequest)
			return
		}
		picture, bad := simkit.ReadPicture(data)
		s.Mu.Lock()
		defer s.Mu.Unlock()
		urn, u := s.byPath(r.PathValue("id"))
		switch {
		case urn == "":
			http.NotFound(w, r)
			return
		case s.Now().After(u.Ends):
			fail(w, http.StatusBadRequest, fault{Code: "EXPIRED_UPLOAD_URL", Message: "Upload URL has expired"})
			return
		case len(data) > maxBytes:
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		u.Came, u.Bad = s.Now(), bad != nil || picture.Facts.Width*picture.Facts.Height >= maxPixels
		s.State.Images[urn], s.State.Small[urn] = u, picture
		w.WriteHeader(http.StatusCreated)
	}
	fault := s.Take(id, "bytes")
	if fault == "" {
		fault = s.Take(id, "upload")
	}
	if !s.Misbehave(w, r, fault, act) {
		s.play(w, fault, "upload")
	}
}

func (s *Sim) byPath(path string) (string, upload) {
	for urn, u := range s.State.Images {
		if u.Path == path {
			return urn, u
		}
	}
	return "", upload{}
}

// image is GET /rest/images/{urn}.
func (s *Sim) image(w http.ResponseWriter, r *http.Request) {
	urn, ok := pathURN(w, r)
	if !ok || !isURN(w, urn, "image") {
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	u, ok := s.State.Images[urn]
	if !ok {
		notFound(w, urn)
		return
	}
	send(w, http.StatusOK, map[string]string{"id": urn, "owner": u.Owner, "status": s.status(u)})
}

// mayPost tells whether the member may post as this author.
func mayPost(author string) bool {
	o, ok := organizationOf(author)
	return ok && strings.HasPrefix(o.Role, "ADMIN")
}
