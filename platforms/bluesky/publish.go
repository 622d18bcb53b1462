package bluesky

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// The steps of a post, in order.
const (
	stepMention = "mention" // whose handle is it?
	stepUpload  = "upload"  // one picture
	stepThumb   = "thumb"   // the picture of the link card
	stepParent  = "parent"  // which version of the part before is followed
	stepRoot    = "root"    // the same of the post that begins the thread
	stepPublish = "publish"
)

// blobLife is how long a picture that no record uses is kept for certain.
// Servers promise "hours"; uploading again is harmless.
const blobLife = time.Hour

// Plan implements platforms.Publisher.
func (b *Bluesky) Plan(p platforms.Publication, done []platforms.StepResult) platforms.Step {
	for i := range layDraft(p.Draft).mentions() {
		if !has(done, stepMention, i) {
			return platforms.Step{Kind: stepMention, Index: i, Quiet: true}
		}
	}
	for i, m := range p.Media {
		if !has(done, stepUpload, i) {
			return platforms.Step{Kind: stepUpload, Index: i, Sends: m.Bytes}
		}
	}
	if m := cardPicture(p); m != nil && !has(done, stepThumb, 0) {
		return platforms.Step{Kind: stepThumb, Sends: m.Bytes}
	}
	// Last, so that nothing is said to a post that was deleted while pictures went
	// out. A repeat says it to the version that was found the first time: the record
	// is the same to the byte.
	if p.Reply != nil && !has(done, stepParent, 0) {
		return platforms.Step{Kind: stepParent, Quiet: true}
	}
	if p.Reply != nil && p.Reply.Root.ID != p.Reply.Parent.ID && p.Reply.Root.Version == "" && !has(done, stepRoot, 0) {
		return platforms.Step{Kind: stepRoot, Quiet: true}
	}
	if !has(done, stepPublish, 0) {
		return platforms.Step{Kind: stepPublish, Irreversible: true}
	}
	return platforms.Step{}
}

// cardPicture is the picture of the link card, where there is a card and its
// picture is one the server takes.
func cardPicture(p platforms.Publication) *platforms.Media {
	if len(p.Media) > 0 || p.Link == nil || p.Link.Image == nil || p.Link.Image.Bytes > maxImageBytes {
		return nil
	}
	return p.Link.Image
}

// Perform implements platforms.Publisher.
func (b *Bluesky) Perform(
	ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, step platforms.Step,
) (platforms.StepResult, error) {
	result := platforms.StepResult{Kind: step.Kind, Index: step.Index, State: platforms.StepDone}
	var err error
	switch step.Kind {
	case stepMention:
		result.Ref, err = b.mention(ctx, s, layDraft(p.Draft).mentions()[step.Index])
	case stepUpload:
		result.Ref, err = b.upload(ctx, s, p.Media[step.Index].ID)
		result.ExpiresAt = b.now().Add(blobLife)
	case stepThumb:
		result.Ref, err = b.upload(ctx, s, p.Link.Image.ID)
		result.ExpiresAt = b.now().Add(blobLife)
		if platforms.KindOf(err) == platforms.MediaRejected {
			err = nil // a card without a picture is still a card
		}
	case stepParent:
		result.Ref, err = b.version(ctx, s, stepParent, p.Reply.Parent)
	case stepRoot:
		result.Ref, err = b.version(ctx, s, stepRoot, p.Reply.Root)
	case stepPublish:
		return b.publish(ctx, s, p, done)
	default:
		err = fmt.Errorf("bluesky has no step %q", step.Kind)
	}
	return result, err
}

// mention finds out whose handle it is. Nobody's: the text stays as it is.
func (b *Bluesky) mention(ctx context.Context, s platforms.Session, handle string) (did string, err error) {
	did, err = b.resolveHandle(ctx, s.Account.Host, handle)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.Kind == platforms.Rejected {
		return "", nil
	}
	return did, err
}

// upload sends one picture and returns the server's description of it, which
// goes into the record unchanged.
func (b *Bluesky) upload(ctx context.Context, s platforms.Session, id string) (string, error) {
	const op = "upload"
	file, err := s.Media.Open(ctx, id)
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		e.Platform = ID
		return "", e
	}
	if err != nil {
		return "", &platforms.Error{Kind: platforms.NotSent, Code: platforms.CodeMediaGone, Platform: ID, Op: op, Err: err}
	}
	defer file.Close()
	var answer struct {
		Blob json.RawMessage `json:"blob"`
	}
	resp, err := b.call(ctx, apihttp.Request{
		Op: op, Method: http.MethodPost, URL: xrpc(s.Account.Host, "com.atproto.repo.uploadBlob"),
		Bearer: s.Access, Body: file.Whole(), Size: file.Bytes, Type: file.Type, Upload: true,
	}, &answer)
	if err != nil {
		return "", err
	}
	var blob struct {
		Type string `json:"$type"`
		Ref  struct {
			Link string `json:"$link"`
		} `json:"ref"`
	}
	if json.Unmarshal(answer.Blob, &blob) != nil || blob.Type != "blob" || blob.Ref.Link == "" {
		return "", b.unusable(op, resp, errors.New("answer has no blob"))
	}
	return string(answer.Blob), nil
}

// version reads which version of a post there is. Servers take a reply to a post
// that nobody has, so that it is there must be seen before.
func (b *Bluesky) version(ctx context.Context, s platforms.Session, op string, post platforms.Ref) (string, error) {
	did, rkey, ok := postAt(post.ID)
	if !ok {
		e := b.api.Error(platforms.Rejected, platforms.CodeParentGone, op, nil)
		e.Err = errors.New("what it follows is not named by its address")
		return "", e
	}
	found, err := b.read(ctx, s, op, did, rkey)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.PlatformCode == noRecord {
		e.Code = platforms.CodeParentGone
	}
	return found.CID, err
}

// noRecord is what a server says where there is no record.
const noRecord = "RecordNotFound"

// stored is a record as its server tells of it.
type stored struct {
	URI string `json:"uri"`
	CID string `json:"cid"`
}

// read reads a post from the account's own server.
func (b *Bluesky) read(ctx context.Context, s platforms.Session, op, did, rkey string) (stored, error) {
	var found stored
	resp, err := b.call(ctx, apihttp.Request{
		Op: op, Method: http.MethodGet, URL: xrpc(s.Account.Host, "com.atproto.repo.getRecord"),
		Query: url.Values{"repo": {did}, "collection": {postCollection}, "rkey": {rkey}},
	}, &found)
	if err == nil && (found.URI != recordURI(did, rkey) || found.CID == "") {
		err = b.unusable(op, resp, errors.New("answer names another record or none"))
	}
	return found, err
}

type putRecord struct {
	Repo       string  `json:"repo"`
	Collection string  `json:"collection"`
	Rkey       string  `json:"rkey"`
	Validate   bool    `json:"validate"`
	SwapRecord *string `json:"swapRecord"` // null: there must be none yet, or this very one
	Record     post    `json:"record"`
}

// publish puts the record. Put again, the same record is no change.
func (b *Bluesky) publish(
	ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult,
) (platforms.StepResult, error) {
	const op = "publish"
	rkey := tid(p.Key, p.CreatedAt)
	var answer stored
	resp, err := b.call(ctx, apihttp.Request{
		Op: op, Method: http.MethodPost, URL: xrpc(s.Account.Host, "com.atproto.repo.putRecord"), Bearer: s.Access,
		JSON: putRecord{
			Repo: s.Account.RemoteID, Collection: postCollection, Rkey: rkey, Validate: true, Record: record(p, done),
		},
		Irreversible: true,
	}, &answer)
	if err != nil {
		if e, ok := errors.AsType[*platforms.Error](err); ok && e.Kind == platforms.Duplicate {
			e.Ref = recordURI(s.Account.RemoteID, rkey)
		}
		return platforms.StepResult{}, err
	}
	if answer.URI != recordURI(s.Account.RemoteID, rkey) || answer.CID == "" {
		return platforms.StepResult{}, b.unusable(op, resp, errors.New("answer names another record or none"))
	}
	return platforms.StepResult{
		Kind: stepPublish, State: platforms.StepDone, Ref: answer.CID, RemoteVersion: answer.CID,
		RemoteID: answer.URI, RemoteURL: b.webURL(s.Account.RemoteID, rkey), PublishedAt: b.now().UTC(),
	}, nil
}

// Settle implements platforms.Publisher: it looks under our own key. The server
// answers for its own records, so their absence is proof as well; and should
// the first call still be under way, putting the same record again is harmless.
func (b *Bluesky) Settle(
	ctx context.Context, s platforms.Session, p platforms.Publication, _ []platforms.StepResult, _ time.Time,
) (platforms.Evidence, error) {
	rkey := tid(p.Key, p.CreatedAt)
	found, err := b.read(ctx, s, "read", s.Account.RemoteID, rkey)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.PlatformCode == noRecord {
		return platforms.Evidence{Verdict: platforms.SeenNotPublic, Proof: "own_key"}, nil
	}
	if err != nil {
		return platforms.Evidence{}, err
	}
	return platforms.Evidence{
		Verdict: platforms.SeenPublic, Proof: "own_key", RemoteID: found.URI, RemoteVersion: found.CID,
		RemoteURL: b.webURL(s.Account.RemoteID, rkey), PublishedAt: p.CreatedAt.UTC(),
	}, nil
}

func recordURI(did, rkey string) string {
	return "at://" + did + "/" + postCollection + "/" + rkey
}

// postAt reads the address of a post: at://<did>/app.bsky.feed.post/<rkey>.
func postAt(address string) (did, rkey string, ok bool) {
	did, rkey, ok = strings.Cut(strings.TrimPrefix(address, "at://"), "/"+postCollection+"/")
	return did, rkey, ok && recordURI(did, rkey) == address && rkey != "" && !strings.Contains(did+rkey, "/")
}

// webURL names the account by its DID: handles change.
func (b *Bluesky) webURL(did, rkey string) string {
	return b.web + "/profile/" + did + "/post/" + rkey
}

func has(done []platforms.StepResult, kind string, i int) bool {
	_, ok := platforms.Finished(done, kind, i)
	return ok
}

func ref(done []platforms.StepResult, kind string, i int) string {
	r, _ := platforms.Finished(done, kind, i)
	return r.Ref
}

// xrpc is the address of a method on a server.
func xrpc(host, method string) string { return strings.TrimSuffix(host, "/") + "/xrpc/" + method }
