package sim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// problem is X's error answer.
type problem struct {
	Title     string         `json:"title"`
	Detail    string         `json:"detail"`
	Type      string         `json:"type"`
	Status    int            `json:"status"`
	Errors    []problemError `json:"errors,omitempty"`
	AccountID string         `json:"account_id,omitempty"`
	Period    string         `json:"period,omitempty"`
	Scope     string         `json:"scope,omitempty"`

	ResourceType string `json:"resource_type,omitempty"`
	ResourceID   string `json:"resource_id,omitempty"`
	Parameter    string `json:"parameter,omitempty"`
	Value        string `json:"value,omitempty"`
}

type problemError struct {
	Message    string              `json:"message"`
	Parameters map[string][]string `json:"parameters"`
}

const (
	problems = "https://api.twitter.com/2/problems/"

	textNotPermitted = "You are not permitted to perform this action."
	textDuplicate    = "You are not allowed to create a Tweet with duplicate content."
	// Seen in public reports, among them github.com/IBBoard/cawbird/issues/8; X's
	// documentation of API v2 does not have it (checked on 2026-12-01).
	textParentGone = "You attempted to reply to a Tweet that is deleted or not visible to you."
)

func refuse(w http.ResponseWriter, status int, p problem) {
	p.Status = status
	if p.Type == "" {
		p.Type = "about:blank"
	}
	send(w, status, "application/problem+json", p)
}

func answer(w http.ResponseWriter, status int, v any) {
	send(w, status, "application/json; charset=utf-8", v)
}

func send(w http.ResponseWriter, status int, contentType string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

func forbidden(w http.ResponseWriter, detail string) {
	refuse(w, http.StatusForbidden, problem{Title: "Forbidden", Detail: detail})
}

func unauthorised(w http.ResponseWriter) {
	refuse(w, http.StatusUnauthorized, problem{Title: "Unauthorized", Detail: "Unauthorized"})
}

func tooMany(w http.ResponseWriter) {
	refuse(w, http.StatusTooManyRequests, problem{Title: "Too Many Requests", Detail: "Too Many Requests"})
}

func noCredits(w http.ResponseWriter) {
	refuse(w, http.StatusPaymentRequired, problem{
		Title: "CreditsDepleted", Type: problems + "credits", AccountID: accountID,
		Detail: "Your enrolled account [" + accountID + "] does not have any credits to fulfill this request.",
	})
}

// invalid is the answer to a request that cannot be right.
func invalid(w http.ResponseWriter, parameter, value, message string) {
	refuse(w, http.StatusBadRequest, problem{
		Title: "Invalid Request", Type: problems + "invalid-request",
		Detail: "One or more parameters to your request was invalid.",
		Errors: []problemError{{Message: message, Parameters: map[string][]string{parameter: {value}}}},
	})
}

func notFound(kind, parameter, id string) problem {
	return problem{
		Title: "Not Found Error", Type: problems + "resource-not-found",
		Detail:       "Could not find " + kind + " with " + parameter + ": [" + id + "].",
		ResourceType: kind, ResourceID: id, Parameter: parameter, Value: id,
	}
}

// oauthError is the answer of the token endpoint, which knows no problems.
func oauthError(w http.ResponseWriter, status int, code, description string) {
	answer(w, status, map[string]string{"error": code, "error_description": description})
}

// play answers as X does when a fault was asked for that every platform plays
// in its own way.
func (s *Sim) play(w http.ResponseWriter, fault, operation string) {
	switch fault {
	case simkit.RateLimited:
		w.Header().Set("x-rate-limit-remaining", "0")
		w.Header().Set("x-rate-limit-reset", strconv.FormatInt(s.Now().Add(windowLength).Unix(), 10))
		tooMany(w)
	case faultDailyCap:
		w.Header().Set("x-user-limit-24hour-limit", "17")
		w.Header().Set("x-user-limit-24hour-remaining", "0")
		w.Header().Set("x-user-limit-24hour-reset", strconv.FormatInt(s.Now().Add(20*time.Hour).Unix(), 10))
		tooMany(w)
	case simkit.AppLimited:
		w.Header().Set("x-app-limit-24hour-limit", "500")
		w.Header().Set("x-app-limit-24hour-remaining", "0")
		w.Header().Set("x-app-limit-24hour-reset", strconv.FormatInt(s.Now().Add(time.Hour).Unix(), 10))
		tooMany(w)
	case simkit.Transient:
		refuse(w, http.StatusServiceUnavailable, problem{Title: "Service Unavailable", Detail: "Service Unavailable"})
	case simkit.VersionGone:
		answer(w, http.StatusGone, map[string]any{"errors": []map[string]any{{"code": 251, "message": "This endpoint has been retired and should not be used."}}})
	case simkit.AccountGone:
		refuse(w, http.StatusNotFound, notFound("user", "id", accountID))
	case faultCredits:
		noCredits(w)
	case simkit.ExpiredToken, simkit.RevokedToken:
		unauthorised(w)
	case faultUnseen:
		forbidden(w, textParentGone)
	case simkit.Duplicate:
		forbidden(w, textDuplicate)
	case faultSuspended, simkit.Restricted:
		refuse(w, http.StatusForbidden, problem{
			Title: "Forbidden", Type: problems + "user-suspended", Detail: "User has been suspended.",
		})
	case faultLocked:
		forbidden(w, "To protect our users from spam and other malicious activity, this account is temporarily locked. Please log in to https://x.com to unlock your account.")
	case simkit.Media:
		if operation == "upload" {
			invalid(w, "media", "", "The media could not be processed.")
			return
		}
		invalid(w, "media.media_ids", "[]", "Your media IDs are invalid.")
	default:
		forbidden(w, textNotPermitted)
	}
}
