// Package graph speaks Meta's Graph API for the platforms that live on it: one
// call with its token and its proof, the sign-in, and what a refusal means. It
// knows nothing of posts, media or numbers.
package graph

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// The slot of the app credentials and what an admin enters into it.
const (
	AppSlot = "meta"
	AppName = "Meta app"
)

// AppGuide leads through the making of the app: one for all platforms that share
// it. https://developers.facebook.com/docs/development/create-an-app, 2026-11-20.
func AppGuide() platforms.AppGuide {
	return platforms.AppGuide{
		Site:        "https://developers.facebook.com/apps",
		Steps:       []string{"facebook.app_create", "facebook.app_login", "facebook.app_basic", "facebook.app_people", "facebook.app_live"},
		Permissions: Scopes,
	}
}

// AppFields are the values of the app, labelled as on Meta's developer site.
func AppFields() []platforms.AppField {
	return []platforms.AppField{
		{Key: clientID, Label: "App ID"},
		{Key: clientSecret, Label: "App secret", Secret: true},
	}
}

const (
	clientID     = "client_id"
	clientSecret = "client_secret"
)

// Endpoints are the base addresses that every platform on this API needs.
func Endpoints() []platforms.Endpoint {
	return []platforms.Endpoint{
		{Name: "graph", Default: "https://graph.facebook.com", Sandbox: "/meta/graph"},
		{Name: "dialog", Default: "https://www.facebook.com", Sandbox: "/meta/www", Browser: true},
	}
}

// Client makes calls for one platform.
type Client struct {
	http    apihttp.Client
	graph   string
	www     string
	version string
	table   Table
	now     func() time.Time
}

// New makes a client. own are the platform's refusals beside the common ones.
func New(env platforms.Env, id platforms.ID, own Table) *Client {
	c := &Client{
		http:    apihttp.Client{HTTP: env.HTTP, UserAgent: env.UserAgent, Platform: id},
		graph:   env.Endpoints["graph"],
		www:     env.Endpoints["dialog"],
		version: cmp.Or(env.Version, Version),
		table:   append(own[:len(own):len(own)], common...),
		now:     env.Now,
	}
	c.http.Limits = c.limits
	return c
}

// Now is the time, UTC.
func (c *Client) Now() time.Time { return c.now().UTC() }

// AskTime asks for nothing but the time.
func (c *Client) AskTime(ctx context.Context) error { return c.http.AskTime(ctx, c.graph) }

// Web is the address of a page on the platform's web site.
func (c *Client) Web(path string) string { return c.www + "/" + path }

// Call is one request to the API.
type Call struct {
	Op     string // "publish", "read": for errors
	Method string // GET if empty
	Path   string // below the version: "me/accounts"
	Params url.Values
	App    platforms.App
	Token  platforms.Secret
	File   *File
	// Irreversible calls are judged by the ambiguous list first.
	Irreversible bool
}

// File is sent as the part "source" of a form.
type File struct {
	io.Reader
	Name  string
	Type  string
	Bytes int64 // 0 if unknown
}

// Do makes the call and decodes the answer into out. Errors are
// *platforms.Error. The answer is also returned with an error, if there was one.
// An error that carries what a write made is the answer of that write.
func (c *Client) Do(ctx context.Context, call Call, out any) (*apihttp.Response, error) {
	resp, err := c.http.Do(ctx, c.request(call))
	if resp == nil {
		return nil, err
	}
	e, ok := ParseError(resp.Body)
	if ok && call.Method == http.MethodPost && e.made() {
		done := *resp
		done.Status, done.Body = http.StatusOK, []byte(e.Answer)
		resp, err, ok = &done, nil, false
	}
	if ok {
		refused := c.refusal(call, resp, e)
		if l, ok := c.limitIn(e, resp); ok && refused.Kind == platforms.Unknown {
			platforms.ReportLimits(ctx, l)
		}
		return resp, refused
	}
	switch {
	case err != nil:
		return resp, err
	case !resp.OK():
		return resp, c.unreadable(call, resp, fmt.Errorf("status %d without an error envelope", resp.Status))
	case out == nil:
		return resp, nil
	}
	if err := resp.Decode(out); err != nil {
		return resp, c.unreadable(call, resp, fmt.Errorf("read answer: %w", err))
	}
	return resp, nil
}

func (c *Client) unreadable(call Call, resp *apihttp.Response, cause error) error {
	e := c.http.Error(platforms.Unknown, platforms.CodePlatformDown, call.Op, resp)
	e.Err = cause
	return e
}

// NoID is the error for an accepted answer in which the id is missing.
func (c *Client) NoID(call Call, resp *apihttp.Response) error {
	return c.unreadable(call, resp, fmt.Errorf("answer names no id"))
}

// Refuse is an error found on our side, before any call.
func (c *Client) Refuse(kind platforms.Kind, code, op string, cause error) *platforms.Error {
	e := c.http.Error(kind, code, op, nil)
	e.Err = cause
	return e
}

func (c *Client) request(call Call) apihttp.Request {
	r := apihttp.Request{
		Op: call.Op, Method: call.Method, URL: c.graph + "/" + c.version + "/" + call.Path,
		Bearer: call.Token, Irreversible: call.Irreversible,
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	params := url.Values{}
	for k, v := range call.Params {
		params[k] = v
	}
	if p := Proof(call.App, call.Token); p != "" {
		params.Set("appsecret_proof", p)
	}
	switch {
	case call.File != nil:
		r.Body, r.Size, r.Type = form(params, call.File)
		r.Upload = true
	case r.Method == http.MethodGet, r.Method == http.MethodDelete:
		r.Query = params
	default:
		r.Form = params
	}
	return r
}

// form streams a multipart form whose last part is the file.
func form(params url.Values, f *File) (body io.Reader, size int64, contentType string) {
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	for k, vs := range params {
		for _, v := range vs {
			_ = w.WriteField(k, v)
		}
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", multipart.FileContentDisposition("source", f.Name))
	h.Set("Content-Type", f.Type)
	_, _ = w.CreatePart(h)
	start := head.Len()
	_ = w.Close()
	tail := bytes.Clone(head.Bytes()[start:])
	head.Truncate(start)
	size = -1
	if f.Bytes > 0 {
		size = int64(start) + f.Bytes + int64(len(tail))
	}
	return io.MultiReader(&head, f.Reader, bytes.NewReader(tail)), size, w.FormDataContentType()
}

// Proof is the appsecret_proof for a token: it shows that the caller knows the
// app secret. Empty without a token or a secret, and for app tokens, which
// contain the secret already.
func Proof(app platforms.App, token platforms.Secret) string {
	secret := app[clientSecret]
	if secret.IsZero() || token.IsZero() || strings.Contains(token.Reveal(), "|") {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(token.Reveal()))
	return hex.EncodeToString(mac.Sum(nil))
}

// ID reads an id, which is text save in a few answers.
type ID string

// UnmarshalJSON implements json.Unmarshaler.
func (id *ID) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal(b, &n); err == nil {
		*id = ID(n)
		return nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	*id = ID(s)
	return err
}

// Seconds reads a time that is counted in seconds since 1970, as text or as a number,
// or one in the form of Time.
type Seconds struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Seconds) UnmarshalJSON(b []byte) error {
	if n, err := strconv.ParseUint(strings.Trim(string(b), `"`), 10, 32); err == nil {
		t.Time = time.Unix(int64(n), 0).UTC()
		return nil
	}
	return (*Time)(t).UnmarshalJSON(b)
}

// Time reads the API's way of writing times: 2026-11-20T10:00:00+0000.
type Time struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	for _, layout := range []string{"2006-01-02T15:04:05-0700", time.RFC3339} {
		if v, err := time.Parse(layout, s); err == nil {
			t.Time = v.UTC()
			return nil
		}
	}
	return fmt.Errorf("time %q is in no known layout", s)
}
