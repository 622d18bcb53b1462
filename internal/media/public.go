package media

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// PublicPath is where addresses for platforms begin. The whole form is
// /m/{media}/{expiry}/{mac}/{file}: file is the spec with the ending of its
// type, expiry is in Unix seconds.
const PublicPath = "/m/"

// publicLife is how long a platform can fetch a picture (rule U5).
const publicLife = 24 * time.Hour

// publicURL is the signed address of one copy of one picture.
func (l *Library) publicURL(id string, s Spec, typ string) string {
	expiry := strconv.FormatInt(l.set.Now().Add(publicLife).Unix(), 10)
	ending := ".jpg"
	if typ == typePNG {
		ending = ".png"
	}
	file := s.String() + ending
	return l.set.BaseURL + PublicPath + strings.Join([]string{id, expiry, l.mac(id, expiry, file), file}, "/")
}

// mac signs exactly one copy until one moment.
func (l *Library) mac(id, expiry, file string) string {
	h := hmac.New(sha256.New, l.set.Key)
	fmt.Fprintf(h, "%s/%s/%s", id, expiry, file)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// OpenPublic opens the copy behind a signed address. Whatever is wrong with the
// address is club.ErrNotFound.
func (l *Library) OpenPublic(ctx context.Context, id, expiry, mac, file string) (platforms.MediaFile, error) {
	if !hmac.Equal([]byte(mac), []byte(l.mac(id, expiry, file))) {
		return platforms.MediaFile{}, club.ErrNotFound
	}
	until, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil || !l.set.Now().Before(time.Unix(until, 0)) {
		return platforms.MediaFile{}, club.ErrNotFound
	}
	dot := strings.LastIndexByte(file, '.')
	if dot < 0 {
		return platforms.MediaFile{}, club.ErrNotFound
	}
	s, ok := ParseSpec(file[:dot])
	if !ok {
		return platforms.MediaFile{}, club.ErrNotFound
	}
	m, err := l.rows.MediaOfAnyClub(ctx, id)
	if err != nil {
		return platforms.MediaFile{}, err
	}
	return l.open(ctx, m, s)
}
