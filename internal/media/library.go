package media

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/disk"
	"github.com/bandstand-app/bandstand/platforms"
)

// Catalogue keeps what is known of pictures; the store is one.
type Catalogue interface {
	CreateMedia(ctx context.Context, m club.Media) (club.Media, error)
	// Media reads pictures of a club in the order of ids, without those that
	// are not there.
	Media(ctx context.Context, clubID int64, ids []string) ([]club.Media, error)
	MediaOfAnyClub(ctx context.Context, id string) (club.Media, error)
	// DeleteMedia refuses while a post uses the picture.
	DeleteMedia(ctx context.Context, clubID int64, id string) error
	KnownMedia(ctx context.Context, ids []string) (map[string]bool, error)
	Renditions(ctx context.Context, ids []string) ([]club.Rendition, error)
	CreateRendition(ctx context.Context, r club.Rendition) error
}

// Settings of a library.
type Settings struct {
	// Dir is the folder of pictures, <data>/media.
	Dir string
	// Key signs addresses for platforms: secret.Keyset.Derive("media-url").
	Key []byte
	// BaseURL is where platforms reach this installation, without a trailing
	// slash.
	BaseURL string
	Now     func() time.Time
	// DecodeLimit is how long reading one picture may take; 0: 10 s (rule U2).
	DecodeLimit time.Duration
}

// Library takes in pictures and gives copies of them.
type Library struct {
	rows    Catalogue
	files   *files
	set     Settings
	working chan struct{}
}

// Open opens the library in s.Dir, making the folder as needed.
func Open(rows Catalogue, s Settings) (*Library, error) {
	f, err := openFiles(s.Dir)
	if err != nil {
		return nil, err
	}
	s.DecodeLimit = cmp.Or(s.DecodeLimit, decodeLimit)
	return &Library{rows: rows, files: f, set: s, working: make(chan struct{}, 1)}, nil
}

// turn waits until no other picture is decoded: one large one takes hundreds of
// megabytes.
func (l *Library) turn(ctx context.Context) (leave func(), err error) {
	select {
	case l.working <- struct{}{}:
		return func() { <-l.working }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Room is how much of the disk is left, in bytes, and whether that is too little
// for more pictures.
func (l *Library) Room() (free int64, isTight bool, err error) {
	free, total, err := l.files.free(l.files.dir)
	return free, disk.Tight(free, total), err
}

// Save takes in what a person uploaded as a picture of the club. What is wrong
// with it is said by a *club.Error at the field "media".
func (l *Library) Save(ctx context.Context, clubID, personID int64, name string, r io.Reader) (club.Media, error) {
	u, err := l.Receive(name, r)
	if err != nil {
		return club.Media{}, err
	}
	defer u.Free()
	return l.Take(ctx, clubID, personID, u)
}

// Upload is a file that has arrived and was not looked at yet. Whoever received
// it frees it.
type Upload struct {
	name string
	file *os.File
	hash []byte
}

// Free removes the file.
func (u *Upload) Free() {
	_ = u.file.Close() // only read
	_ = os.Remove(u.file.Name())
}

// Receive puts a file by as it arrives, without holding more than a part of it.
// What a person can mend is a *club.Error at the field "media".
func (l *Library) Receive(name string, r io.Reader) (*Upload, error) {
	name = cleanName(name)
	if err := l.files.room(); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(l.files.tmp(), "upload-")
	if err != nil {
		return nil, onDisk(err)
	}
	u := &Upload{name: name, file: f}
	if err := u.fill(r); err != nil {
		u.Free()
		return nil, err
	}
	return u, nil
}

func (u *Upload) fill(r io.Reader) error {
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(u.file, hash), io.LimitReader(r, MaxUpload+1))
	switch {
	case err != nil:
		return fmt.Errorf("receive upload: %w", onDisk(err))
	case n == 0:
		return fault("media_empty", u.name)
	case n > MaxUpload:
		return fault("media_file_too_big", u.name, "limit", strconv.Itoa(MaxUpload>>20))
	}
	u.hash = hash.Sum(nil)
	return nil
}

// Take makes a picture of the club of what was received. What is wrong with it
// is said by a *club.Error at the field "media".
func (l *Library) Take(ctx context.Context, clubID, personID int64, u *Upload) (club.Media, error) {
	m := club.Media{ID: newID(), ClubID: clubID, CreatedBy: personID, Name: u.name, SHA256: u.hash}
	if err := l.takeIn(ctx, u.file, &m); err != nil {
		return club.Media{}, err
	}
	// The file comes first: one without a row is swept up, a row without a file
	// would be a hole in a post.
	kept, err := l.rows.CreateMedia(ctx, m)
	if err != nil {
		return m, errors.Join(err, l.files.remove(m.ID))
	}
	return kept, nil
}

func newID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// Items reads pictures of a club in the order of ids, without those that are
// not there.
func (l *Library) Items(ctx context.Context, clubID int64, ids []string) ([]club.Media, error) {
	return l.rows.Media(ctx, clubID, ids)
}

// Delete removes a picture that no post uses.
func (l *Library) Delete(ctx context.Context, clubID int64, id string) error {
	if err := l.rows.DeleteMedia(ctx, clubID, id); err != nil {
		return err
	}
	return l.files.remove(id)
}

// Open opens a copy of a club's picture, made now if it does not exist.
// club.ErrNotFound if there is no such picture in the club.
func (l *Library) Open(ctx context.Context, clubID int64, id string, s Spec) (platforms.MediaFile, error) {
	found, err := l.rows.Media(ctx, clubID, []string{id})
	if err != nil {
		return platforms.MediaFile{}, err
	}
	if len(found) == 0 {
		return platforms.MediaFile{}, club.ErrNotFound
	}
	return l.open(ctx, found[0], s)
}

func (l *Library) open(ctx context.Context, m club.Media, s Spec) (platforms.MediaFile, error) {
	r, path, err := l.rendition(ctx, m, s)
	if err != nil {
		return platforms.MediaFile{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return platforms.MediaFile{}, gone(err)
	}
	return platforms.MediaFile{ReaderAt: f, Closer: f, Type: r.Type, Bytes: r.Bytes, Width: r.Width, Height: r.Height}, nil
}

// gone makes a missing file the same as a missing row.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return club.ErrNotFound
	}
	return err
}

// rendition finds or makes the copy that the spec asks for: the picture itself
// where that will do.
func (l *Library) rendition(ctx context.Context, m club.Media, s Spec) (club.Rendition, string, error) {
	if s.takesAsIs(m) {
		path := l.files.path(m.ID, "")
		if _, err := os.Stat(path); err != nil {
			return club.Rendition{}, "", gone(err)
		}
		return club.Rendition{MediaID: m.ID, Type: m.Type, Width: m.Width, Height: m.Height, Bytes: m.Bytes}, path, nil
	}
	path := l.files.path(m.ID, s.String())
	if r, ok, err := l.made(ctx, m.ID, s, path); err != nil || ok {
		return r, path, err
	}
	leave, err := l.turn(ctx)
	if err != nil {
		return club.Rendition{}, "", err
	}
	defer leave()
	// Somebody else may have made it while this one waited.
	if r, ok, err := l.made(ctx, m.ID, s, path); err != nil || ok {
		return r, path, err
	}
	r, err := l.make(ctx, m, s)
	return r, path, err
}

func (l *Library) made(ctx context.Context, id string, s Spec, path string) (club.Rendition, bool, error) {
	rows, err := l.rows.Renditions(ctx, []string{id})
	if err != nil {
		return club.Rendition{}, false, err
	}
	for _, r := range rows {
		if r.Spec == s.String() {
			info, err := os.Stat(path)
			return r, err == nil && info.Size() == r.Bytes, nil
		}
	}
	return club.Rendition{}, false, nil
}

func (l *Library) make(ctx context.Context, m club.Media, s Spec) (club.Rendition, error) {
	f, err := os.Open(l.files.path(m.ID, ""))
	if err != nil {
		return club.Rendition{}, gone(err)
	}
	defer f.Close()
	decode := jpeg.Decode
	if m.Type == typePNG {
		decode = png.Decode
	}
	defer tidyUp(image.Pt(m.Width, m.Height))
	limited, cancel := context.WithTimeout(ctx, l.set.DecodeLimit)
	defer cancel()
	img, err := decode(&patient{limited, f})
	if err != nil {
		return club.Rendition{}, fmt.Errorf("read picture %s: %w", m.ID, err)
	}
	out, err := encode(img, s)
	if err != nil {
		return club.Rendition{}, fmt.Errorf("copy picture %s as %s: %w", m.ID, s, err)
	}
	if _, err := l.files.write(m.ID, s.String(), out.to); err != nil {
		return club.Rendition{}, fmt.Errorf("store copy of picture %s: %w", m.ID, err)
	}
	r := club.Rendition{MediaID: m.ID, Spec: s.String(), Type: out.typ, Width: out.size.X, Height: out.size.Y, Bytes: int64(len(out.data))}
	return r, l.rows.CreateRendition(ctx, r)
}

// sweepAge spares files whose row is only about to be written.
const sweepAge = time.Hour

// Sweep removes files of pictures that no row knows: of clubs that were
// deleted, of uploads that broke off. It returns how many.
func (l *Library) Sweep(ctx context.Context) (int, error) {
	folders, err := filepath.Glob(filepath.Join(l.files.dir, "[0-9a-f][0-9a-f]"))
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, folder := range folders {
		n, err := l.sweepFolder(ctx, folder)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("sweep pictures: %w", err)
		}
	}
	return removed, nil
}

func (l *Library) sweepFolder(ctx context.Context, folder string) (int, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	var ids []string
	for _, e := range entries {
		if len(e.Name()) == 32 {
			ids = append(ids, e.Name())
		}
	}
	removed := 0
	const chunk = 500
	for ; len(ids) > 0; ids = ids[min(chunk, len(ids)):] {
		part := ids[:min(chunk, len(ids))]
		known, err := l.rows.KnownMedia(ctx, part)
		if err != nil {
			return removed, err
		}
		for _, id := range part {
			info, err := os.Stat(l.files.path(id, ""))
			if known[id] || err != nil || l.set.Now().Sub(info.ModTime()) < sweepAge {
				continue
			}
			if err := l.files.remove(id); err != nil {
				return removed, err
			}
			removed++
		}
	}
	return removed, nil
}
