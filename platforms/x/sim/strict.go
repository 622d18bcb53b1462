package sim

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// This file refuses what X's API description does not know: names of query
// parameters, of fields and of expansions, and fields of a body. A client that
// misspells one is answered with 400, not with silence.
// docs.x.com, OpenAPI description 2.166 and 2.167, checked on 2026-11-30.

// The fields of a post, by the two names of their parameter.
var (
	tweetFields = words(`article attachments author_id card_uri community_id context_annotations conversation_id created_at
		display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang media_metadata
		non_public_metrics note_tweet organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics
		referenced_tweets reply_settings scopes source suggested_source_links text withheld`)
	postFields = words(`article attachments card_uri community_id context_annotations conversation_id created_at
		display_text_range edit_controls edit_history_post_ids entities geo id in_reply_to_user_id lang media_metadata
		non_public_metrics note_post organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics
		referenced_posts reply_settings scopes source suggested_source_links text withheld`)
	userFields = words(`affiliation confirmed_email connection_status created_at description entities id is_identity_verified location
		most_recent_tweet_id name parody pinned_tweet_id profile_banner_url profile_image_url protected public_metrics
		receives_your_dm subscription subscription_type url username verified verified_followers_count verified_type withheld`)
	mediaFields = words(`alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url
		promoted_metrics public_metrics type url variants width`)
	postExpansions = words(`article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet
		attachments.poll_ids author_id author_screen_name edit_history_tweet_ids entities.mentions.username entities.note.mentions.username
		geo.place_id in_reply_to_user_id referenced_tweets.id referenced_tweets.id.attachments.media_keys referenced_tweets.id.author_id
		edit_history_post_ids referenced_posts referenced_posts.author_id`)
	userExpansions = words(`affiliation.user_id most_recent_tweet_id pinned_tweet_id pinned_post_id`)
)

func words(s string) []string { return strings.Fields(s) }

// postReads are the parameters that every read of posts takes.
var postReads = map[string][]string{
	"tweet.fields": tweetFields, "post.fields": postFields, "user.fields": userFields, "media.fields": mediaFields,
	"expansions": postExpansions, "poll.fields": words("duration_minutes end_datetime id options voting_status"),
	"place.fields": words("contained_within country country_code full_name geo id name place_type"),
}

// queries are the parameters of each endpoint, with their values where X lists
// them; nil where anything may stand.
var queries = map[string]map[string][]string{
	"GET /api/2/users/me":    {"user.fields": userFields, "tweet.fields": tweetFields, "post.fields": postFields, "expansions": userExpansions},
	"GET /api/2/tweets":      with(nil, "ids"),
	"GET /api/2/tweets/{id}": postReads,
	"GET /api/2/users/{id}/tweets": with(map[string][]string{"exclude": words("replies retweets")},
		"max_results", "pagination_token", "since_id", "until_id", "start_time", "end_time"),
}

// with is postReads, more, and names whose values X does not list.
func with(more map[string][]string, names ...string) map[string][]string {
	out := maps.Clone(postReads)
	maps.Copy(out, more)
	for _, n := range names {
		out[n] = nil
	}
	return out
}

// RenameFields makes X know the parameter for the fields of a post by its newer
// name alone, as its specification has it since the summer of 2026.
func (s *Sim) RenameFields() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.renamed = true
}

// knowsQuery refuses parameters and values that X does not know.
func (s *Sim) knowsQuery(w http.ResponseWriter, r *http.Request) bool {
	s.Mu.Lock()
	renamed := s.renamed
	s.Mu.Unlock()
	known := queries[r.Pattern]
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		invalid(w, "query", r.URL.RawQuery, "The query cannot be read.")
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		values, ok := known[name]
		if !ok || renamed && name == "tweet.fields" {
			names := slices.Sorted(maps.Keys(known))
			invalid(w, name, given.Get(name), "The query parameter ["+name+"] is not one of ["+strings.Join(names, ",")+"]")
			return false
		}
		for value := range strings.SplitSeq(given.Get(name), ",") {
			if values != nil && !slices.Contains(values, value) {
				invalid(w, name, value, "The `"+name+"` query parameter value ["+value+"] is not one of ["+strings.Join(values, ",")+"]")
				return false
			}
		}
	}
	return true
}

var idForm = regexp.MustCompile(`^[0-9]{1,19}$`)

// readBody reads the JSON of a call into v, and refuses fields that X does not know.
func readBody(w http.ResponseWriter, r *http.Request, v any) bool {
	err := simkit.ReadJSON(r.Body, v)
	if e, ok := errors.AsType[*simkit.UnknownField](err); ok {
		invalid(w, e.Path[1:], "", "The field ["+e.Path[1:]+"] is not expected in the request body")
		return false
	}
	if err != nil {
		invalid(w, "body", "", "The request body is not valid JSON.")
	}
	return err == nil
}

// uploadFields are the parts of an upload's form.
var uploadFields = words("media media_category media_type additional_owners shared")

// uploadTypes are the types that an upload in one call may name.
var uploadTypes = words("image/jpeg image/png image/webp image/bmp image/pjpeg image/tiff image/gif text/srt text/vtt")

// uploadCategories are what an upload in one call may be for.
var uploadCategories = words("tweet_image dm_image subtitles")

// knowsUpload refuses parts of the form, and values, that X does not know.
func knowsUpload(w http.ResponseWriter, r *http.Request) bool {
	for _, name := range slices.Concat(slices.Collect(maps.Keys(r.MultipartForm.Value)), slices.Collect(maps.Keys(r.MultipartForm.File))) {
		if !slices.Contains(uploadFields, name) {
			invalid(w, name, "", "The form field ["+name+"] is not one of ["+strings.Join(uploadFields, ",")+"]")
			return false
		}
	}
	c, t := r.FormValue("media_category"), r.FormValue("media_type")
	switch {
	case !slices.Contains(uploadCategories, c):
		invalid(w, "media_category", c, "media_category ["+c+"] is not one of ["+strings.Join(uploadCategories, ",")+"]")
	case t != "" && !slices.Contains(uploadTypes, t):
		invalid(w, "media_type", t, "media_type ["+t+"] is not one of ["+strings.Join(uploadTypes, ",")+"]")
	default:
		return true
	}
	return false
}
