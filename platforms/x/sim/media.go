package sim

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

const (
	mediaLife = 24 * time.Hour
	maxImage  = 5 << 20
	maxAlt    = 1000
	maxMedia  = 4
)

// media is an uploaded picture that waits for its post.
type media struct {
	Family string    `json:"family"`
	For    string    `json:"for"` // its category
	Alt    string    `json:"alt"`
	Ends   time.Time `json:"ends"`
}

func (s *Sim) upload(w http.ResponseWriter, r *http.Request, g grant) {
	r.Body = http.MaxBytesReader(w, r.Body, maxImage+1<<16)
	if err := r.ParseMultipartForm(maxImage + 1<<16); err != nil {
		invalid(w, "media", "", "The request could not be read, or the file is larger than 5 MB.")
		return
	}
	if !knowsUpload(w, r) {
		return
	}
	file, _, err := r.FormFile("media")
	if err != nil {
		invalid(w, "media", "", "media is required")
		return
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		invalid(w, "media", "", "The file could not be read.")
		return
	}
	picture, err := simkit.ReadPicture(data)
	allowed := []string{"image/jpeg", "image/png", "image/gif"}
	if said := r.FormValue("media_type"); err != nil || !slices.Contains(allowed, picture.Facts.Type) || said != "" && said != picture.Facts.Type {
		invalid(w, "media", "", "Unsupported media type.")
		return
	}
	if len(data) > maxImage {
		invalid(w, "media", strconv.Itoa(len(data)), "The file is larger than 5 MB.")
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	id := s.snowflake()
	s.State.Media[id] = media{Family: g.Family, For: r.FormValue("media_category"), Ends: s.Now().Add(mediaLife)}
	s.State.Small[id] = picture
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{
		"id": id, "media_key": "3_" + id, "size": len(data), "expires_after_secs": int(mediaLife.Seconds()),
		"image": map[string]any{"image_type": picture.Facts.Type, "w": picture.Facts.Width, "h": picture.Facts.Height},
	}})
}

func (s *Sim) describe(w http.ResponseWriter, r *http.Request, _ grant) {
	var in struct {
		ID       string `json:"id"`
		Metadata struct {
			AltText struct {
				Text string `json:"text"`
			} `json:"alt_text"`
		} `json:"metadata"`
	}
	if !readBody(w, r, &in) {
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	m, ok := s.usable(in.ID)
	alt := strings.TrimSpace(in.Metadata.AltText.Text)
	switch {
	case !ok:
		invalid(w, "id", in.ID, "Your media IDs are invalid.")
		return
	case alt == "" || utf8.RuneCountInString(alt) > maxAlt:
		invalid(w, "metadata.alt_text.text", "", "alt_text must have 1 to 1000 characters")
		return
	}
	m.Alt = alt
	s.State.Media[in.ID] = m
	s.charge(5)
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{
		"id": in.ID, "associated_metadata": map[string]any{"alt_text": map[string]string{"text": alt}},
	}})
}

// usable finds a picture that is still there.
func (s *Sim) usable(id string) (media, bool) {
	m, ok := s.State.Media[id]
	return m, ok && s.Now().Before(m.Ends)
}

// snowflake makes an id that grows with time, as X's ids do: milliseconds
// since X's own epoch above 22 bits.
func (s *Sim) snowflake() string {
	const epoch = 1288834974657
	s.State.Seq++
	return strconv.FormatInt((s.Now().UnixMilli()-epoch)<<22|s.State.Seq&(1<<22-1), 10)
}
