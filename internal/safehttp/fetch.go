package safehttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of reading what people or pages name (rule O4). Links from newsletters
// pass through two shorteners, from http to https, to www and to a language: the
// three redirects that the rule first allowed were too few. Browsers follow 20.
// Each one is checked like the address it began with.
const (
	maxRedirects = 10
	fetchTimeout = 10 * time.Second
)

// Reasons why something named by people was not read.
var (
	ErrRedirects = errors.New("too many redirects")
	ErrTooLarge  = errors.New("answer is too large")
	ErrType      = errors.New("answer is of another type")
)

// Untrusted reads addresses that people or pages name, without cookies and
// credentials.
type Untrusted struct {
	client    *http.Client
	settings  Settings
	userAgent string
}

// NewUntrusted makes the client for addresses that people or pages name.
func NewUntrusted(s Settings) *Untrusted {
	u := &Untrusted{settings: s, userAgent: s.UserAgent}
	u.client = &http.Client{
		Transport: s.transport(),
		Timeout:   fetchTimeout,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return ErrRedirects
			}
			r.Header.Del("Referer") // it would tell where the reader came from, query and all
			return u.prepare(r.URL)
		},
	}
	return u
}

// Want says what is worth reading.
type Want struct {
	Types    []string // media types: "text/html"
	MaxBytes int64    // after decompression
	// Accept is sent as the header of that name: some servers answer 406 to
	// requests without one. Empty: Types, as they stand.
	Accept string
	// ByBytes finds the type in the first bytes, whatever the header says, as
	// browsers do with pictures.
	ByBytes bool
	// Partial takes the beginning of an answer that is larger than MaxBytes or
	// that breaks off.
	Partial bool
}

// Document is what an address gave.
type Document struct {
	URL         *url.URL // after redirects
	ContentType string   // as sent, with parameters
	Body        []byte
}

// Get reads one address. A larger or different answer than wanted is an error,
// as is any status but 200.
func (u *Untrusted) Get(ctx context.Context, address string, w Want) (Document, error) {
	target, err := url.Parse(address)
	if err != nil {
		return Document{}, ErrScheme
	}
	if err := u.prepare(target); err != nil {
		return Document{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return Document{}, ErrScheme
	}
	req.Header.Set("User-Agent", u.userAgent)
	req.Header.Set("Accept", cmp.Or(w.Accept, strings.Join(w.Types, ",")))
	req.Header.Set("Accept-Language", "*") // the page's own language, whatever it is
	resp, err := u.client.Do(req)
	if err != nil {
		return Document{}, fmt.Errorf("read page at %s: %w", target.Host, withoutURL(err))
	}
	defer resp.Body.Close()
	d := Document{URL: resp.Request.URL, ContentType: resp.Header.Get("Content-Type")}
	if resp.StatusCode != http.StatusOK {
		return d, fmt.Errorf("read page at %s: status %d", target.Host, resp.StatusCode)
	}
	typ := mediaType(d.ContentType)
	if !w.ByBytes && typ != "" && !slices.Contains(w.Types, typ) {
		return d, fmt.Errorf("read page at %s: %w", target.Host, ErrType)
	}
	d.Body, err = io.ReadAll(io.LimitReader(resp.Body, w.MaxBytes+1))
	isCut := int64(len(d.Body)) > w.MaxBytes
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && w.Partial:
	case err != nil:
		return d, fmt.Errorf("read page at %s: %w", target.Host, withoutURL(err))
	case isCut && !w.Partial:
		return d, fmt.Errorf("read page at %s: %w", target.Host, ErrTooLarge)
	case isCut:
		d.Body = d.Body[:w.MaxBytes]
	}
	if w.ByBytes || typ == "" {
		if typ = mediaType(http.DetectContentType(d.Body)); !slices.Contains(w.Types, typ) {
			return d, fmt.Errorf("read page at %s: %w", target.Host, ErrType)
		}
	}
	return d, nil
}

// mediaType returns the type in a Content-Type header without its parameters,
// which need not be well formed; of several the last. It is empty where the
// header says nothing of use (Fetch, "extract a MIME type"; MIME Sniffing, §7;
// checked 2026-11-30).
func mediaType(header string) string {
	found := ""
	for part := range strings.SplitSeq(header, ",") {
		typ, _, _ := strings.Cut(part, ";")
		if typ = strings.ToLower(strings.TrimSpace(typ)); strings.Contains(typ, "/") {
			found = typ
		}
	}
	switch found {
	case "unknown/unknown", "application/unknown", "*/*":
		return ""
	}
	return found
}

// prepare makes an address one that may be read: https, and no credentials.
// Plain http stays only for IP addresses the operator allowed.
func (u *Untrusted) prepare(target *url.URL) error {
	host := target.Hostname()
	if host == "" || target.User != nil || target.Opaque != "" {
		return ErrScheme
	}
	if strings.Contains(host, "%") || !utf8.ValidString(host) { // the zone of an address inside, or no text
		return ErrAddress
	}
	switch target.Scheme {
	case "https":
	case "http":
		ip, err := netip.ParseAddr(host)
		if err == nil && u.settings.excepted(ip.Unmap()) {
			break
		}
		if p := target.Port(); p != "" && p != "80" {
			return ErrPort
		}
		target.Scheme, target.Host = "https", bracketed(host)
	default:
		return ErrScheme
	}
	target.Fragment, target.RawFragment = "", ""
	if _, err := url.Parse(target.String()); err != nil {
		return ErrScheme // what a redirect or a log would name is no address
	}
	return nil
}

// bracketed writes a host name or IP as it stands in an address.
func bracketed(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		return "[" + host + "]"
	}
	return host
}

// withoutURL takes the address, query and all, out of an error of net/http.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
