package sim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/linkedin"
)

// fault is LinkedIn's error answer.
type fault struct {
	Message      string   `json:"message"`
	Code         string   `json:"code,omitempty"`
	ServiceError int      `json:"serviceErrorCode,omitempty"`
	Status       int      `json:"status"`
	DetailType   string   `json:"errorDetailType,omitempty"`
	Details      *details `json:"errorDetails,omitempty"`
}

type details struct {
	Input []inputError `json:"inputErrors"`
}

type inputError struct {
	Description string         `json:"description"`
	Input       map[string]any `json:"input"`
	Code        string         `json:"code"`
}

func fail(w http.ResponseWriter, status int, f fault) {
	f.Status = status
	send(w, status, f)
}

// failField is the answer about one field of a post.
func failField(w http.ResponseWriter, code, field, description string) {
	fail(w, http.StatusBadRequest, fault{
		Message: description, Code: code, DetailType: "com.linkedin.common.error.BadRequest",
		Details: &details{[]inputError{{
			Description: description, Code: code, Input: map[string]any{"inputPath": map[string]string{"fieldPath": field}},
		}}},
	})
}

func send(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

func tooMany(w http.ResponseWriter, whose string) {
	fail(w, http.StatusTooManyRequests, fault{
		ServiceError: 101, Code: "TOO_MANY_REQUESTS",
		Message: "Resource level throttle " + whose + " DAY limit for calls to this resource is reached.",
	})
}

func denied(w http.ResponseWriter, what string) {
	fail(w, http.StatusForbidden, fault{
		ServiceError: 100, Code: "ACCESS_DENIED", Message: "Not enough permissions to access: " + what,
	})
}

func roleLost(w http.ResponseWriter) {
	fail(w, http.StatusForbidden, fault{
		ServiceError: 100, Code: "ACCESS_DENIED",
		Message: "Organization permissions must be used when using organization as author",
	})
}

func notFound(w http.ResponseWriter, what string) {
	fail(w, http.StatusNotFound, fault{Code: "NOT_FOUND", Message: "Could not find entity " + what})
}

// duplicate is the exact answer to a repeated post. It names the earlier one.
func duplicate(w http.ResponseWriter, urn string) {
	fail(w, http.StatusUnprocessableEntity, fault{
		Message:    "com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of " + urn,
		DetailType: "com.linkedin.common.error.BadRequest",
		Details: &details{[]inputError{{
			Description: "Duplicate post is detected", Input: map[string]any{}, Code: "DUPLICATE_POST",
		}}},
	})
}

// Answers about a token.
func expiredToken(w http.ResponseWriter) {
	fail(w, http.StatusUnauthorized, fault{
		ServiceError: 65602, Code: "EXPIRED_ACCESS_TOKEN", Message: "The token used in the request has expired",
	})
}

func revokedToken(w http.ResponseWriter) {
	fail(w, http.StatusUnauthorized, fault{
		ServiceError: 65601, Code: "REVOKED_ACCESS_TOKEN", Message: "The token used in the request has been revoked by the user",
	})
}

func invalidToken(w http.ResponseWriter) {
	fail(w, http.StatusUnauthorized, fault{ServiceError: 65600, Code: "INVALID_ACCESS_TOKEN", Message: "Invalid access token"})
}

// oauthError is the answer of the OAuth endpoints.
func oauthError(w http.ResponseWriter, status int, code, description string) {
	send(w, status, map[string]string{"error": code, "error_description": description})
}

// decoded undoes the encoding of one value of a path or query; false if what
// must be encoded was not.
func decoded(s string) (string, bool) {
	if strings.ContainsAny(s, ":(),") {
		return "", false
	}
	v, err := url.PathUnescape(s)
	return v, err == nil
}

// pathURN is the URN at the end of the path, which must come encoded.
func pathURN(w http.ResponseWriter, r *http.Request) (string, bool) {
	raw := r.URL.EscapedPath()
	urn, ok := decoded(raw[strings.LastIndex(raw, "/")+1:])
	if !ok {
		fail(w, http.StatusBadRequest, fault{Code: "PARAM_INVALID", Message: "Syntax exception in path variables"})
	}
	return urn, ok
}

// play answers as LinkedIn does when a fault was asked for that every platform
// plays in its own way.
func (s *Sim) play(w http.ResponseWriter, name, operation string) {
	switch name {
	case simkit.RateLimited:
		tooMany(w, "MEMBER")
	case simkit.AppLimited:
		tooMany(w, "APPLICATION")
	case simkit.Transient:
		fail(w, http.StatusInternalServerError, fault{Code: "INTERNAL_SERVER_ERROR", Message: "Internal Server Error"})
	case simkit.NoPermission:
		denied(w, "partnerApiPosts.CREATE.20260901")
	case simkit.AccountGone:
		notFound(w, organizations[1].ID)
	case simkit.Lapsed:
		fail(w, http.StatusBadRequest, fault{Code: "EXPIRED_UPLOAD_URL", Message: "Upload URL has expired"})
	case simkit.DuplicateUnnamed:
		duplicate(w, "an earlier post")
	case simkit.ExpiredToken:
		expiredToken(w)
	case simkit.RevokedToken:
		revokedToken(w)
	case simkit.VersionGone:
		versionGone(w, "202609")
	case faultRole:
		roleLost(w)
	case faultEarly:
		failField(w, "MEDIA_ASSET_WAITING_UPLOAD", "/content/media/id", "Media asset is waiting for its upload")
	case simkit.Duplicate:
		duplicate(w, s.latest())
	case simkit.Media:
		failField(w, "MEDIA_ASSET_PROCESSING_FAILED", "/content/media/id", "Media asset could not be processed")
	default:
		failField(w, "INVALID_VALUE_FOR_FIELD", "/"+operation, "Invalid value for a field")
	}
}

// latest is the newest post on record, or one that never was.
func (s *Sim) latest() string {
	for _, p := range slices.Backward(s.Posts()) {
		if p.Kind == "" {
			return p.ID
		}
	}
	return "urn:li:share:7000000000000000000"
}

// id of the platform, for the record.
const id = linkedin.ID
