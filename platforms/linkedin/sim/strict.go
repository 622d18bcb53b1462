package sim

import (
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// This file refuses what the descriptions of LinkedIn's resources do not know:
// query parameters, fields of a body, values of an enumeration, methods. Rest.li
// ignores none of them.
// learn.microsoft.com/linkedin, posts-api, images-api, comments-api, organization-access-control-by-role, checked on 2026-12-01.

// queries are the parameters of each resource, with their values where those are
// an enumeration; nil where anything may stand.
var queries = map[string]map[string][]string{
	"GET /api/rest/organizationAcls": {
		"q": {"roleAssignee"}, "start": nil, "count": nil, "state": {"APPROVED", "REQUESTED", "REJECTED", "REVOKED"},
		"role": {
			"ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER", "RECRUITING_POSTER", "LEAD_CAPTURE_ADMINISTRATOR", "LEAD_GEN_FORMS_MANAGER",
			"ANALYST", "CURATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "PIPELINE_BUILDER",
		},
	},
	"GET /api/rest/organizations/{id}": {},
	"GET /api/rest/networkSizes/{urn}": {"edgeType": {"COMPANY_FOLLOWED_BY_MEMBER"}},
	"GET /api/rest/organizationalEntityShareStatistics": {
		"q": {"organizationalEntity"}, "organizationalEntity": nil, "shares": nil, "ugcPosts": nil, "timeIntervals": nil, "start": nil, "count": nil,
	},
	"POST /api/rest/images":      {"action": {"initializeUpload"}},
	"GET /api/rest/images/{urn}": {},
	"POST /api/rest/posts":       {},
	"GET /api/rest/posts": {
		"q": {"author"}, "author": nil, "start": nil, "count": nil, "sortBy": {"LAST_MODIFIED", "CREATED"}, "viewContext": {"READER", "AUTHOR"},
	},
	"GET /api/rest/posts/{urn}":    {"viewContext": {"READER", "AUTHOR"}},
	"DELETE /api/rest/posts/{urn}": {},
	"POST " + commentsPath:         {},
	"GET " + commentsPath:          {"start": nil, "count": nil},
	"DELETE " + commentPath:        {"actor": nil},
}

// needed are the parameters that a resource cannot do without.
var needed = map[string]string{
	"GET /api/rest/organizationAcls": "q", "GET /api/rest/networkSizes/{urn}": "edgeType", "GET /api/rest/posts": "q",
	"GET /api/rest/organizationalEntityShareStatistics": "q", "POST /api/rest/images": "action",
	"DELETE " + commentPath: "actor",
}

// knownQuery refuses parameters and values that a resource does not know, and a
// method in the header that is not that of the call.
func knownQuery(w http.ResponseWriter, r *http.Request) bool {
	known := queries[r.Pattern]
	// Lists and records stand in the query unencoded, which ParseQuery can read.
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		fail(w, http.StatusBadRequest, fault{Code: "PARAM_INVALID", Message: "Invalid query parameters passed to request"})
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		values, ok := known[name]
		switch {
		case !ok:
			failParam(w, "QUERY_PARAM_NOT_ALLOWED", name, "Query parameter "+name+" is not allowed")
			return false
		case values != nil && !slices.Contains(values, given.Get(name)):
			failParam(w, "PARAM_INVALID", name, "Invalid value for param; wrong value or syntax: "+name)
			return false
		}
	}
	if name := needed[r.Pattern]; name != "" && !given.Has(name) {
		failParam(w, "PARAM_INVALID", name, "Query parameter "+name+" is required")
		return false
	}
	method := map[bool]string{true: "FINDER", false: "GET"}[given.Has("q")]
	switch {
	case r.Pattern == "GET "+commentsPath:
		method = "GET_ALL"
	case r.Method == http.MethodDelete:
		method = "DELETE"
	case given.Has("action"):
		method = "ACTION"
	case r.Method == http.MethodPost:
		method = "CREATE"
	}
	if said := r.Header.Get("X-RestLi-Method"); said != "" && !strings.EqualFold(said, method) {
		fail(w, http.StatusBadRequest, fault{Code: "ILLEGAL_ARGUMENT", Message: "Method " + said + " is not supported for this call"})
		return false
	}
	return true
}

// failParam is the answer about one parameter of the query.
func failParam(w http.ResponseWriter, code, name, description string) {
	fail(w, http.StatusBadRequest, fault{
		Message: description, Code: code, DetailType: "com.linkedin.common.error.BadRequest",
		Details: &details{[]inputError{{
			Description: description, Code: code, Input: map[string]any{"inputPath": map[string]string{"fieldPath": name}},
		}}},
	})
}

// readBody reads the JSON of a call into v.
func readBody(w http.ResponseWriter, r *http.Request, v any) bool {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		fail(w, http.StatusUnsupportedMediaType, fault{Code: "UNSUPPORTED_MEDIA_TYPE", Message: "Content type " + t + " is not supported"})
		return false
	}
	err := simkit.ReadJSON(r.Body, v)
	if e, ok := errors.AsType[*simkit.UnknownField](err); ok {
		failSchema(w, e.Path, "unrecognized field found but not allowed")
		return false
	}
	if err != nil {
		fail(w, http.StatusBadRequest, fault{Code: "ILLEGAL_ARGUMENT", Message: "Request body could not be converted to data map"})
	}
	return err == nil
}

// failSchema is the answer to a body that does not fit the schema.
func failSchema(w http.ResponseWriter, path, why string) {
	fail(w, http.StatusUnprocessableEntity, fault{Message: "ERROR :: " + path + " :: " + why + "\n"})
}

// enumerations are the values of the fields of a post that have only some.
var enumerations = []struct {
	path   string
	value  func(createBody) string
	values []string
}{
	{"/visibility", func(in createBody) string { return in.Visibility }, []string{"PUBLIC", "CONNECTIONS", "LOGGED_IN", "CONTAINER"}},
	{"/lifecycleState", func(in createBody) string { return in.State }, []string{
		"DRAFT", "PUBLISHED", "PUBLISH_REQUESTED", "PUBLISH_FAILED",
	}},
	{"/distribution/feedDistribution", func(in createBody) string { return in.Distribution.Feed }, []string{"MAIN_FEED", "NONE"}},
}

// knownValues refuses values of an enumeration that it does not have, and those
// with which a post of a Page would not be public: this LinkedIn has no others.
func knownValues(w http.ResponseWriter, in createBody) bool {
	for _, e := range enumerations {
		if v := e.value(in); !slices.Contains(e.values, v) {
			failSchema(w, e.path, fmt.Sprintf("%q is not an enum symbol", v))
			return false
		}
	}
	switch {
	case in.Visibility != "PUBLIC":
		failField(w, "INVALID_VALUE_FOR_FIELD", "/visibility", "The visibility of a post of an organization must be PUBLIC")
	case in.State != "PUBLISHED":
		failField(w, "INVALID_VALUE_FOR_FIELD", "/lifecycleState", "The post must be PUBLISHED")
	case in.Distribution.Feed != "MAIN_FEED":
		failField(w, "MISSING_REQUIRED_FIELD_FOR_DSC", "/adContext/dscAdAccount", "A post outside of the feed needs an ad account")
	default:
		return true
	}
	return false
}

// isURN refuses a URN of another kind than the resource has.
func isURN(w http.ResponseWriter, urn string, kinds ...string) bool {
	if slices.ContainsFunc(kinds, func(k string) bool { return strings.HasPrefix(urn, "urn:li:"+k+":") }) {
		return true
	}
	fail(w, http.StatusBadRequest, fault{Code: "INVALID_URN_TYPE", Message: "URN type is not supported: " + urn})
	return false
}
