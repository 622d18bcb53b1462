// Package linkcard reads what web pages say of themselves, so that a post can be
// previewed and sent with the card of its link. Pages of ours only ever show what
// it has kept; it draws none.
package linkcard

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"path"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/safehttp"
)

// Limits of reading one page.
const (
	pageTime    = 10 * time.Second // with up to ten redirects
	pictureTime = 5 * time.Second
	maxPage     = 1 << 20
	// maxPicture is more than rule O4 gives pages: pictures for cards are often
	// photos of a few megabytes.
	maxPicture = 5 << 20
	maxAddress = 2048
)

// How many pages are read at once, and how many wait.
const (
	workers = 2
	waiting = 64
)

// How long what was read is taken for true.
const (
	freshReady      = 24 * time.Hour
	freshUnreadable = 5 * time.Minute
	// A reading that has not ended after this was cut off with the program.
	freshReading = time.Minute
)

var (
	// What a page says of itself stands in its beginning: large ones are cut.
	pageWanted = safehttp.Want{
		Types: []string{"text/html", "application/xhtml+xml"}, MaxBytes: maxPage, Partial: true,
		Accept: "text/html,application/xhtml+xml,*/*;q=0.1",
	}
	// Pictures are known by their bytes: many servers call them something else.
	pictureWanted = safehttp.Want{Types: []string{"image/jpeg", "image/png", "image/gif", "image/webp"}, MaxBytes: maxPicture, ByBytes: true}
)

// Web reads addresses that people name: *safehttp.Untrusted.
type Web interface {
	Get(ctx context.Context, address string, w safehttp.Want) (safehttp.Document, error)
}

// Rows keeps cards; the store does.
type Rows interface {
	LinkCards(ctx context.Context, clubID int64, urls []string) (map[string]club.LinkCard, error)
	StartLinkCard(ctx context.Context, clubID int64, url string) error
	FinishLinkCard(ctx context.Context, clubID int64, c club.LinkCard) error
}

// Pictures takes in pictures: *media.Library.
type Pictures interface {
	Save(ctx context.Context, clubID, personID int64, name string, r io.Reader) (club.Media, error)
	Items(ctx context.Context, clubID int64, ids []string) ([]club.Media, error)
}

// Config is what a Reader is built with.
type Config struct {
	Web      Web
	Rows     Rows
	Pictures Pictures
	Now      func() time.Time
	Log      *slog.Logger
}

// Reader reads pages one after the other while Run runs.
type Reader struct {
	Config
	queue chan job

	mu     sync.Mutex
	queued map[key]bool
}

type key struct {
	club int64
	url  string
}

type job struct {
	key
	person int64
}

// New makes a Reader. Nothing is read until Run.
func New(c Config) *Reader {
	return &Reader{Config: c, queue: make(chan job, waiting), queued: map[key]bool{}}
}

// Request asks for the card of an address in a post of the club, unless it is
// known and fresh. It does not wait: the card is found in the store later.
// Addresses that cannot be read become unreadable at once. When too many wait
// nothing happens, and the next request tries again.
func (r *Reader) Request(ctx context.Context, clubID, personID int64, address string) error {
	if address == "" || len(address) > maxAddress {
		return nil
	}
	cards, err := r.Rows.LinkCards(ctx, clubID, []string{address})
	if err != nil {
		return err
	}
	if c, known := cards[address]; known && r.isFresh(c) {
		return nil
	}
	j := job{key{clubID, address}, personID}
	if !r.enter(j.key) {
		return nil
	}
	if err := r.Rows.StartLinkCard(ctx, clubID, address); err != nil {
		r.leave(j.key)
		return err
	}
	r.queue <- j // enter saw that there is room
	return nil
}

func (r *Reader) isFresh(c club.LinkCard) bool {
	age := r.Now().Sub(c.ReadAt)
	switch c.State {
	case club.CardReady:
		return age < freshReady
	case club.CardUnreadable:
		return age < freshUnreadable
	}
	return age < freshReading
}

// enter keeps a place in the queue, unless the page is in it or it is full.
func (r *Reader) enter(k key) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queued[k] || len(r.queued) >= waiting {
		return false
	}
	r.queued[k] = true
	return true
}

func (r *Reader) leave(k key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.queued, k)
}

// Run reads what is asked for until ctx ends, and returns when the last page is
// given up.
func (r *Reader) Run(ctx context.Context) {
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case j := <-r.queue:
					card, err := r.card(ctx, j)
					// Before the card is kept: whoever sees it may ask again at once.
					r.leave(j.key)
					if err == nil {
						err = r.Rows.FinishLinkCard(ctx, j.club, card)
					}
					if err != nil && ctx.Err() == nil {
						r.Log.Error("link card not kept", "club", j.club, "err", err)
					}
				}
			}
		})
	}
	running.Wait()
}

// card reads one page. The error is only about our own database and disk, or the
// end of the program: then the page is read again later.
func (r *Reader) card(ctx context.Context, j job) (club.LinkCard, error) {
	card := club.LinkCard{URL: j.url, State: club.CardUnreadable}
	p, host, err := r.readPage(ctx, j.url)
	if ctx.Err() != nil {
		return card, ctx.Err()
	}
	if err == nil && (p.title != "" || p.description != "" || len(p.images) > 0) {
		card.State, card.Title, card.Description = club.CardReady, p.title, p.description
		if card.Title == "" {
			card.Title = host
		}
		if card.MediaID, err = r.picture(ctx, j, p.images); err != nil {
			return card, err
		}
	}
	return card, nil
}

func (r *Reader) readPage(ctx context.Context, address string) (page, string, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	d, err := r.Web.Get(ctx, address, pageWanted)
	if err != nil {
		return page{}, "", err
	}
	return read(d.Body, d.ContentType, d.URL), d.URL.Hostname(), nil
}

// picture takes in the first picture of a card that can be had. A card without
// one is a card too: the error is only about our own database and disk.
func (r *Reader) picture(ctx context.Context, j job, addresses []*url.URL) (string, error) {
	for _, address := range addresses {
		if id, err := r.fetch(ctx, j, address); id != "" || err != nil {
			return id, err
		}
	}
	return "", nil
}

// fetch takes in one picture. The id is empty if there is none at the address
// that can be used.
func (r *Reader) fetch(ctx context.Context, j job, address *url.URL) (string, error) {
	limited, cancel := context.WithTimeout(ctx, pictureTime)
	d, err := r.Web.Get(limited, address.String(), pictureWanted)
	cancel()
	if err != nil {
		return "", ctx.Err()
	}
	// The same picture keeps its id: a post that is being sent may name it.
	if id, err := r.samePicture(ctx, j, d.Body); id != "" || err != nil {
		return id, err
	}
	m, err := r.Pictures.Save(ctx, j.club, j.person, path.Base(d.URL.Path), bytes.NewReader(d.Body))
	if _, refused := errors.AsType[*club.Error](err); refused {
		return "", nil
	}
	return m.ID, err
}

func (r *Reader) samePicture(ctx context.Context, j job, body []byte) (string, error) {
	cards, err := r.Rows.LinkCards(ctx, j.club, []string{j.url})
	if err != nil || cards[j.url].MediaID == "" {
		return "", err
	}
	had, err := r.Pictures.Items(ctx, j.club, []string{cards[j.url].MediaID})
	sum := sha256.Sum256(body)
	if err != nil || len(had) == 0 || !bytes.Equal(had[0].SHA256, sum[:]) {
		return "", err
	}
	return had[0].ID, nil
}
