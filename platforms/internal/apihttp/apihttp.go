// Package apihttp makes the HTTP calls of all platform clients: one request,
// no retries, a byte cap, and an answer that says whether the request could
// have reached the platform. It knows no platform.
package apihttp

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// MaxAnswer is the most that is read of an answer, in bytes (rule O6).
const MaxAnswer = 1 << 20

// Time limits of one call. Connecting is limited by the
// transport that the client was built with.
const (
	CallTimeout   = 60 * time.Second
	UploadTimeout = 15 * time.Minute
)

// Client calls one platform.
type Client struct {
	HTTP      *http.Client
	UserAgent string
	Platform  platforms.ID
	// Limits reads what a complete answer to an operation says of the platform's
	// limits; nil where nothing does.
	Limits func(op string, resp *Response) []platforms.Limit
}

// Request is one call. Body is JSON, a form or bytes: at most one of them.
type Request struct {
	Op     string // name of the call in errors: "publish"
	Method string
	URL    string
	Query  url.Values
	Header http.Header
	Bearer platforms.Secret

	JSON any
	Form url.Values
	Body io.Reader
	Size int64  // length of Body, -1 if unknown
	Type string // content type of Body

	// Irreversible calls run on a connection of their own, so that the
	// transport cannot repeat them silently (rule P6).
	Irreversible bool
	Upload       bool // use UploadTimeout
	// AnyType accepts answers that are not JSON.
	AnyType bool
}

// Response is an answer that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	sent func() cleaner // nil: nothing was sent
}

func (r *Response) decode(v any) error {
	dec := json.NewDecoder(bytes.NewReader(r.Body))
	dec.UseNumber()
	return dec.Decode(v)
}

// OK reports whether the status is 2xx.
func (r *Response) OK() bool { return r.Status >= 200 && r.Status < 300 }

// Do performs the call. Without a complete, readable answer the error is a
// *platforms.Error of kind NotSent or Unknown; any complete answer, refusal or
// not, is returned for the platform to classify. A 5xx, 3xx, 408 or non-JSON
// answer comes back as both: the Response and an Unknown error. Neither an error
// nor an answer that is no success holds a secret that the request carried, and
// no error holds the query of an address.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	sent := sync.OnceValue(func() cleaner { return newCleaner(r) }) // most answers need none
	resp, err := c.do(ctx, r)
	if resp != nil {
		resp.sent = sent
		if err != nil || !resp.OK() {
			resp.withoutSecrets()
		}
	}
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.Err != nil {
		e.Err = errors.New(withoutQuery(sent().clean(e.Err.Error())))
	}
	return resp, err
}

func (c *Client) do(ctx context.Context, r Request) (*Response, error) {
	timeout := CallTimeout
	if r.Upload {
		timeout = UploadTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, c.fail(platforms.NotSent, platforms.CodeUnreachable, r.Op, err)
	}
	client := *c.HTTP
	// Following a redirect would repeat the call, and name its address, which may
	// hold a token, as the referrer.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		if !wrote.Load() {
			return nil, c.fail(platforms.NotSent, platforms.CodeUnreachable, r.Op, err)
		}
		return nil, c.fail(platforms.Unknown, platforms.CodePlatformDown, r.Op, err)
	}
	defer resp.Body.Close()
	if date := Date(resp.Header); !date.IsZero() {
		platforms.ReportDate(ctx, req.URL.Host, date)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	out := &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
	unknown := func(cause error) error {
		e := c.fail(platforms.Unknown, platforms.CodePlatformDown, r.Op, cause)
		e.Status = resp.StatusCode
		return e
	}
	switch {
	case err != nil:
		return nil, unknown(fmt.Errorf("read answer: %w", err))
	case len(body) > MaxAnswer:
		return nil, unknown(errors.New("answer larger than 1 MiB"))
	}
	if c.Limits != nil {
		platforms.ReportLimits(ctx, c.Limits(r.Op, out)...)
	}
	switch {
	case resp.StatusCode >= 500, resp.StatusCode >= 300 && resp.StatusCode < 400, resp.StatusCode == http.StatusRequestTimeout:
		return out, unknown(fmt.Errorf("status %d", resp.StatusCode))
	case !r.AnyType && len(body) > 0 && !isJSON(resp.Header.Get("Content-Type")):
		return out, unknown(fmt.Errorf("answer is %q, not JSON", resp.Header.Get("Content-Type")))
	case !r.AnyType && len(body) > 0 && !json.Valid(body):
		return out, unknown(errors.New("answer is not well-formed JSON"))
	}
	return out, nil
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	body, size, typ := r.Body, r.Size, r.Type
	switch {
	case r.JSON != nil:
		b, err := json.Marshal(r.JSON)
		if err != nil {
			return nil, err
		}
		body, size, typ = bytes.NewReader(b), int64(len(b)), "application/json"
	case r.Form != nil:
		b := r.Form.Encode()
		body, size, typ = strings.NewReader(b), int64(len(b)), "application/x-www-form-urlencoded"
	}
	u := r.URL
	if len(r.Query) > 0 {
		sep := "?"
		if strings.Contains(u, "?") {
			sep = "&"
		}
		u += sep + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u, body)
	if err != nil {
		return nil, err
	}
	for k, vs := range r.Header {
		req.Header[k] = vs
	}
	if body != nil && size >= 0 {
		req.ContentLength = size
	}
	if typ != "" {
		req.Header.Set("Content-Type", typ)
	}
	if !r.Bearer.IsZero() {
		req.Header.Set("Authorization", "Bearer "+r.Bearer.Reveal())
	}
	req.Header.Set("User-Agent", c.UserAgent)
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	if r.Irreversible {
		req.Close = true
		req.GetBody = nil
	}
	return req, nil
}

// Error starts an error about this call; the platform fills in the rest.
func (c *Client) Error(kind platforms.Kind, code, op string, resp *Response) *platforms.Error {
	e := &platforms.Error{Kind: kind, Code: code, Op: op, Platform: c.Platform}
	if resp != nil {
		e.Status = resp.Status
	}
	return e
}

// Unclear is the error of an answer that says yes and does not say to what.
func (c *Client) Unclear(op string, resp *Response, why string) *platforms.Error {
	e := c.Error(platforms.Unknown, platforms.CodePlatformDown, op, resp)
	e.Err = errors.New(why)
	return e
}

func (c *Client) fail(kind platforms.Kind, code, op string, cause error) *platforms.Error {
	return &platforms.Error{Kind: kind, Code: code, Op: op, Platform: c.Platform, Err: scrub(cause)}
}

// scrub removes the address, which may hold a token in its query, from what
// net/http reports.
func scrub(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	var tlsErr *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.As(err, &tlsErr):
		return errors.New("certificate not trusted")
	}
	return errors.New(err.Error())
}

func isJSON(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	return t == "application/json" || t == "text/javascript" || strings.HasSuffix(t, "+json")
}

// Sentence returns a platform's text if it reads as prose: at most 300
// characters and without braces. Otherwise it is empty.
func Sentence(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len([]rune(s)) > 300 || strings.ContainsAny(s, "{}<>") {
		return ""
	}
	return s
}
