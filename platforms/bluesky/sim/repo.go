package sim

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// blob is something uploaded: of a picture, the facts and a small copy that we
// drew; of anything else only that it came.
type blob struct {
	DID     string
	Type    string
	SHA256  string
	Size    int
	Picture simkit.Picture
	At      time.Time
}

// blobLife is how long a blob stays that no record took. The protocol asks
// servers to keep it for an hour at least.
const blobLife = time.Hour

// record is one record of a repository.
type record struct {
	DID, Collection, Rkey string
	CID                   string
	Value                 json.RawMessage
	At                    time.Time
}

const (
	codecRaw    = 0x55
	codecRecord = 0x71
)

// cid names content by its hash, in the form of the network.
func cid(codec byte, content []byte) string {
	sum := sha256.Sum256(content)
	return cidOf(codec, sum[:])
}

// cidOfHash is cid for content whose hash is known, in hexadecimal.
func cidOfHash(codec byte, hash string) string {
	sum, err := hex.DecodeString(hash)
	if err != nil {
		return ""
	}
	return cidOf(codec, sum)
}

func cidOf(codec byte, sum []byte) string {
	b := append([]byte{1, codec, 0x12, 0x20}, sum...)
	return "b" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

func recordURI(did, collection, rkey string) string {
	return "at://" + did + "/" + collection + "/" + rkey
}

type link struct {
	Link string `json:"$link"`
}

type blobAnswer struct {
	Type     string `json:"$type"`
	Ref      link   `json:"ref"`
	MimeType string `json:"mimeType"`
	Size     int    `json:"size"`
}

func (s *Sim) uploadBlob(w http.ResponseWriter, r *http.Request) {
	declared := strings.ToLower(r.Header.Get("Content-Type"))
	data, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "request was cut off")
		return
	}
	s.Mu.Lock()
	_, ok := s.signedIn(w, r)
	s.Mu.Unlock()
	if !ok {
		return
	}
	if declared == "" {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "Request encoding (Content-Type) required but not provided")
		return
	}
	b := look(data, declared)
	if strings.HasPrefix(declared, "image/svg") || strings.HasPrefix(b.Type, "image/svg") {
		refuse(w, http.StatusBadRequest, "InvalidMimeType", "A drawing can hold a script: send a picture made of pixels")
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	a, ok := s.signedIn(w, r) // still
	if !ok {
		return
	}
	name, sum := cid(codecRaw, data), sha256.Sum256(data)
	b.DID, b.SHA256, b.Size, b.At = a.DID, hex.EncodeToString(sum[:]), len(data), s.Now()
	s.State.Blobs[name] = b
	answer(w, http.StatusOK, map[string]any{"blob": blobAnswer{"blob", link{name}, b.Type, len(data)}})
}

// look says what the bytes of a blob are. The declared type is believed only
// where they tell nothing.
func look(data []byte, declared string) blob {
	b := blob{Type: http.DetectContentType(data)}
	if picture, err := simkit.ReadPicture(data); err == nil {
		b.Type, b.Picture = picture.Facts.Type, picture
		return b
	}
	if t := b.Type; t == "application/octet-stream" || strings.HasPrefix(t, "text/plain") {
		b.Type = declared
	}
	return b
}

// write is the input of putRecord and createRecord.
type write struct {
	Repo       string          `json:"repo"`
	Collection string          `json:"collection"`
	Rkey       string          `json:"rkey"`
	Validate   *bool           `json:"validate"`
	SwapRecord json.RawMessage `json:"swapRecord"`
	Record     json.RawMessage `json:"record"`
}

var nsidForm = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z0-9-]+)+\.[a-zA-Z][a-zA-Z0-9]*$`)

var tidForm = regexp.MustCompile(`^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$`)

// writeOf reads and checks a write, or refuses it. The caller holds mu.
func (s *Sim) writeOf(w http.ResponseWriter, r *http.Request) (in write, a account, ok bool) {
	if a, ok = s.signedIn(w, r); !ok {
		return in, a, false
	}
	bad := func(message string) { refuse(w, http.StatusBadRequest, "InvalidRequest", message) }
	if missing := readInput(r, &in); missing != "" {
		bad(missing)
		return in, a, false
	}
	owner, known := s.find(in.Repo)
	switch {
	case in.Rkey == "" && strings.HasSuffix(r.URL.Path, ".putRecord"):
		bad(missingKey("rkey"))
	case !known:
		refuse(w, http.StatusForbidden, "AccountNotFound", "Account not found")
	case owner.DID != a.DID:
		refuse(w, http.StatusUnauthorized, "AuthenticationRequired", "Authentication Required")
	case in.Collection == postCollection && in.Rkey != "" && !tidForm.MatchString(in.Rkey):
		bad(fmt.Sprintf("Invalid record key for %s: Invalid TID string (got %q) at $", postCollection, in.Rkey))
	default:
		var canonical map[string]any
		if err := json.Unmarshal(in.Record, &canonical); err != nil || canonical == nil {
			bad("Expected object value type (got " + string(in.Record) + ") at $.record")
			return in, a, false
		}
		if _, given := canonical["$type"]; !given {
			canonical["$type"] = in.Collection
		}
		in.Record, _ = json.Marshal(canonical) // keys sorted: equal records are equal bytes
		if name, message := s.checkRecord(a.DID, in); name != "" {
			refuse(w, http.StatusBadRequest, name, message)
			return in, a, false
		}
		return in, a, true
	}
	return in, a, false
}

// readInput reads the input of a write, and says what is wrong with it: a type,
// or a property that is missing. Others than the lexicon's are ignored.
func readInput(r *http.Request, in *write) string {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return "Wrong request encoding (Content-Type): " + t
	}
	var given map[string]json.RawMessage
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &given) != nil {
		return "Input must be JSON"
	}
	for _, name := range []string{"repo", "collection", "record"} {
		if _, ok := given[name]; !ok {
			return missingKey(name)
		}
	}
	for _, field := range []struct {
		name, kind string
		into       any
	}{{"repo", "string", &in.Repo}, {"collection", "string", &in.Collection}, {"rkey", "string", &in.Rkey}, {"validate", "boolean", &in.Validate}} {
		if raw, ok := given[field.name]; ok && json.Unmarshal(raw, field.into) != nil {
			return fmt.Sprintf("Expected %s value type (got %s) at $.%s", field.kind, raw, field.name)
		}
	}
	if !nsidForm.MatchString(in.Collection) {
		return fmt.Sprintf("Invalid NSID (got %q) at $.collection", in.Collection)
	}
	in.SwapRecord, in.Record = given["swapRecord"], given["record"]
	return ""
}

func missingKey(name string) string { return fmt.Sprintf("Missing required key %q at $", name) }

type commit struct {
	CID string `json:"cid"`
	Rev string `json:"rev"`
}

type writeAnswer struct {
	URI        string  `json:"uri"`
	CID        string  `json:"cid"`
	Commit     *commit `json:"commit,omitempty"`
	Validation string  `json:"validationStatus,omitempty"`
}

func (s *Sim) putRecord(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	in, a, ok := s.writeOf(w, r)
	if !ok {
		return
	}
	uri, name := recordURI(a.DID, in.Collection, in.Rkey), cid(codecRecord, in.Record)
	old, exists := s.State.Records[uri]
	if exists && old.CID == name {
		answer(w, http.StatusOK, writeAnswer{URI: uri, CID: name, Validation: "valid"})
		return
	}
	if swap, at := string(in.SwapRecord), old.CID; swap != "" {
		var want string
		if err := json.Unmarshal(in.SwapRecord, &want); err != nil || want != at {
			refuse(w, http.StatusBadRequest, "InvalidSwap", "Record was at "+cmp.Or(at, "null"))
			return
		}
	}
	answer(w, http.StatusOK, s.keep(a, in, uri, name, exists))
}

func (s *Sim) createRecord(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	in, a, ok := s.writeOf(w, r)
	if !ok {
		return
	}
	if in.Rkey == "" {
		in.Rkey = s.newTID()
	}
	uri := recordURI(a.DID, in.Collection, in.Rkey)
	if _, exists := s.State.Records[uri]; exists {
		refuse(w, http.StatusInternalServerError, "InternalServerError", "Internal Server Error")
		return
	}
	answer(w, http.StatusOK, s.keep(a, in, uri, cid(codecRecord, in.Record), false))
}

// keep stores a record and, if it is a new post, makes it public. The caller
// holds mu.
func (s *Sim) keep(a account, in write, uri, name string, exists bool) writeAnswer {
	now := s.Now()
	s.State.Records[uri] = record{a.DID, in.Collection, in.Rkey, name, in.Record, now}
	// Edits of posts are stored, and shown by nobody.
	if in.Collection == postCollection && !exists {
		s.Publish(s.public(a.DID, uri, in.Record, now))
	}
	return writeAnswer{
		URI: uri, CID: name, Validation: "valid",
		Commit: &commit{cid(codecRecord, []byte(uri+name)), s.newTID()},
	}
}

func (s *Sim) newTID() string {
	v := uint64(s.Now().UnixMicro())<<10 | uint64(len(s.NextID(""))) //nolint:gosec // after 1970
	v += uint64(len(s.State.Records)) << 10
	const digits = "234567abcdefghijklmnopqrstuvwxyz"
	var out [13]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = digits[v&31]
		v >>= 5
	}
	return string(out[:])
}

// public describes a post for the record of what was published, as readers see it:
// without an embed of a type that nobody knows, and without facets that do not
// lie within the text.
func (s *Sim) public(did, uri string, value json.RawMessage, at time.Time) platforms.SimPost {
	var p postRecord
	_ = json.Unmarshal(value, &p) // it was checked before
	out := platforms.SimPost{Platform: id, Account: did, ID: uri, Text: p.text(), Langs: p.Langs, Time: at}
	if p.Embed.Type == "app.bsky.embed.external" && p.Embed.External != nil {
		out.Link = p.Embed.External.URI
	}
	if p.Reply != nil {
		out.Kind, out.Parent = platforms.SimReply, p.Reply.Parent.URI
	}
	for _, f := range p.Facets {
		for _, feature := range f.Features {
			if feature.Type == "app.bsky.richtext.facet#link" && out.Link == "" && f.Index.within(p.text()) {
				out.Link = feature.URI
			}
		}
	}
	if p.Embed.Type != "app.bsky.embed.images" {
		return out
	}
	for _, img := range p.Embed.Images {
		b := s.State.Blobs[img.Image.Ref.Link]
		facts := b.Picture.Facts
		out.Media = append(out.Media, platforms.SimMedia{Type: b.Type, Width: facts.Width, Height: facts.Height, Alt: *img.Alt, SHA256: b.SHA256})
	}
	return out
}

func (s *Sim) deleteRecord(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	a, ok := s.signedIn(w, r)
	if !ok {
		return
	}
	var in write
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "Input must be JSON")
		return
	}
	if owner, known := s.find(in.Repo); !known || owner.DID != a.DID {
		refuse(w, http.StatusUnauthorized, "AuthenticationRequired", "Authentication Required")
		return
	}
	uri := recordURI(a.DID, in.Collection, in.Rkey)
	if _, exists := s.State.Records[uri]; !exists {
		answer(w, http.StatusOK, struct{}{})
		return
	}
	delete(s.State.Records, uri)
	s.World.MarkDeleted(id, uri)
	answer(w, http.StatusOK, map[string]commit{"commit": {cid(codecRecord, []byte("-"+uri)), s.newTID()}})
}

// MarkDeleted takes a post away as a person does in the app: its record is gone.
func (s *Sim) MarkDeleted(platform platforms.ID, uri string) bool {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	delete(s.State.Records, uri)
	return s.World.MarkDeleted(platform, uri)
}

func (s *Sim) getRecord(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	q := r.URL.Query()
	a, ok := s.find(q.Get("repo"))
	if !ok {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "Could not locate record")
		return
	}
	uri := recordURI(a.DID, q.Get("collection"), q.Get("rkey"))
	rec, err := s.recordAt(a, uri)
	if err != nil {
		refuse(w, http.StatusBadRequest, "RecordNotFound", "Could not locate record: "+uri)
		return
	}
	answer(w, http.StatusOK, map[string]any{"uri": uri, "cid": rec.CID, "value": rec.Value})
}

var errNoRecord = errors.New("no such record")

// recordAt reads a record. The profile of a seeded account is always there.
func (s *Sim) recordAt(a account, uri string) (record, error) {
	if rec, ok := s.State.Records[uri]; ok {
		return rec, nil
	}
	if uri != recordURI(a.DID, profileCollection, "self") {
		return record{}, errNoRecord
	}
	value, err := json.Marshal(map[string]string{"$type": profileCollection, "displayName": a.Name})
	if err != nil {
		return record{}, err
	}
	return record{a.DID, profileCollection, "self", cid(codecRecord, value), value, time.Time{}}, nil
}
