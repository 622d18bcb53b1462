package sim

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// post is what the API tells of a post, beside the record.
type post struct {
	Text  string   `json:"text"` // as sent
	Media []string `json:"media"`
	Time  time.Time
	// Parent is the post that it is a reply to, Root the one that began the
	// conversation; empty for a post that is no reply.
	Parent string `json:"parent,omitempty"`
	Root   string `json:"root,omitempty"`
	// Replies says who may reply; empty for everyone.
	Replies string `json:"replies,omitempty"`
}

// maxText is more than any post has, by X's count; each of that is a rune at most.
const maxText = 25_000

// repeatWindow is how long the same text is refused again.
const repeatWindow = 24 * time.Hour

type createBody struct {
	Text  string `json:"text"`
	Media *struct {
		IDs    []string `json:"media_ids"`
		Tagged []string `json:"tagged_user_ids"`
	} `json:"media"`
	Reply *struct {
		To           string   `json:"in_reply_to_tweet_id"`
		Exclude      []string `json:"exclude_reply_user_ids"`
		AutoPopulate bool     `json:"auto_populate_reply_metadata"`
	} `json:"reply"`
	ReplySettings   string `json:"reply_settings"`
	MadeWithAI      bool   `json:"made_with_ai"`
	PaidPartnership bool   `json:"paid_partnership"`
}

// whoMayReply are the values of reply_settings; everybody is to leave it out.
var whoMayReply = words("following mentionedUsers subscribers verified")

var withScheme = regexp.MustCompile(`https?://\S+`)

var cashtag = regexp.MustCompile(`(?:^|\s)\$[A-Za-z]{1,6}\b`)

// create is POST /2/tweets.
func (s *Sim) create(w http.ResponseWriter, r *http.Request, _ grant) {
	var in createBody
	if !readBody(w, r, &in) {
		return
	}
	if in.ReplySettings != "" && !slices.Contains(whoMayReply, in.ReplySettings) {
		invalid(w, "reply_settings", in.ReplySettings, "reply_settings ["+in.ReplySettings+"] is not one of ["+strings.Join(whoMayReply, ",")+"]")
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var ids []string
	if in.Media != nil {
		ids = in.Media.IDs
	}
	p := post{Text: in.Text, Media: ids, Replies: in.ReplySettings}
	if in.Reply != nil {
		if p.Parent = in.Reply.To; !idForm.MatchString(p.Parent) {
			invalid(w, "reply.in_reply_to_tweet_id", p.Parent, "reply.in_reply_to_tweet_id ["+p.Parent+"] does not match ^[0-9]{1,19}$")
			return
		}
		before, ok := s.live(p.Parent)
		if !ok {
			forbidden(w, textParentGone)
			return
		}
		p.Root = cmp.Or(before.Root, p.Parent)
	}
	if !s.acceptable(w, p, in.Media != nil) {
		return
	}
	id, now := s.snowflake(), s.Now()
	p.Time = now
	record := platforms.SimPost{Platform: x.ID, Account: accountID, ID: id, Text: in.Text, Time: now, Parent: p.Parent}
	if p.Parent != "" {
		record.Kind = platforms.SimReply
	}
	if p.Replies != "" {
		record.Options = map[string]string{"reply_settings": p.Replies}
	}
	for _, m := range ids {
		facts := s.State.Small[m].Facts
		facts.Alt = s.State.Media[m].Alt
		record.Media = append(record.Media, facts)
	}
	price := int64(15)
	if found := addresses(in.Text); len(found) > 0 {
		price = 200
	}
	// The record names what a person meant as a link, known ending or not.
	record.Link = strings.TrimRight(withScheme.FindString(in.Text), ".,;:!?)")
	s.charge(price)
	s.State.Posts[id] = p
	s.Publish(record)
	text, _ := s.returned(id, p)
	answer(w, http.StatusCreated, map[string]any{"data": map[string]any{
		"id": id, "text": text, "edit_history_tweet_ids": []string{id},
	}})
}

// acceptable refuses what X refuses.
func (s *Sim) acceptable(w http.ResponseWriter, p post, withMedia bool) bool {
	text, ids := p.Text, p.Media
	switch {
	case strings.TrimSpace(text) == "" && len(ids) == 0:
		invalid(w, "text", text, "text or media is required")
	case strings.ContainsAny(text, "\uFFFE\uFEFF\uFFFF"):
		invalid(w, "text", "", "text holds a character that is not allowed")
	case len(text) > maxText*utf8.UTFMax:
		forbidden(w, textNotPermitted)
	case withMedia && (len(ids) < 1 || len(ids) > maxMedia):
		invalid(w, "media.media_ids", fmt.Sprint(ids), "media.media_ids must have 1 to 4 entries")
	case slices.ContainsFunc(ids, func(id string) bool { m, ok := s.usable(id); return !ok || m.For != "tweet_image" }):
		invalid(w, "media.media_ids", fmt.Sprint(ids), "Your media IDs are invalid.")
	case weight(text) > s.longest():
		forbidden(w, textNotPermitted)
	case len(cashtag.FindAllString(text, -1)) > 1:
		forbidden(w, "You are limited to a maximum of one cashtag per post.")
	case len(ids) == 0 && s.isRepeat(p):
		forbidden(w, textDuplicate)
	default:
		return true
	}
	return false
}

// Subscribe makes the account pay for one of the subscriptions of X.
func (s *Sim) Subscribe(subscription string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.State.Subscription = subscription
}

// usualText is what fits into a post of every account.
const usualText = 280

// longest is what fits into a post of this account.
func (s *Sim) longest() int {
	if strings.HasPrefix(s.State.Subscription, "Premium") {
		return maxText
	}
	return usualText
}

// beginning is what an answer shows of the text of a long post, with its addresses.
func beginning(text string, urls []shortened) (shown string, in []shortened) {
	runes := []rune(text)
	cut := min(usualText-1, len(runes))
	for _, u := range urls {
		if u.End <= cut {
			in = append(in, u)
		}
	}
	return string(runes[:cut]) + "…", in
}

// isRepeat reports whether the same words were posted within a day, as a reply to
// the same post or to none. X does not describe what it compares; that a reply to
// another post is no repeat is what its users report (checked on 2026-12-01).
func (s *Sim) isRepeat(of post) bool {
	plain := func(t string) string { return strings.ToLower(strings.Join(strings.Fields(t), " ")) }
	return slices.ContainsFunc(s.Posts(), func(p platforms.SimPost) bool {
		return !p.Deleted && len(p.Media) == 0 && p.Parent == of.Parent && s.Now().Sub(p.Time) < repeatWindow && plain(p.Text) == plain(of.Text)
	})
}

// shortened is how X tells of an address it replaced.
type shortened struct {
	Start    int    `json:"start"`
	End      int    `json:"end"`
	URL      string `json:"url"`
	Expanded string `json:"expanded_url"`
	Display  string `json:"display_url"`
	MediaKey string `json:"media_key,omitempty"`
}

// escaped writes the three characters that the API never returns plain.
var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// returned is the text as the API gives it: addresses shortened, one added for
// pictures, the three characters of HTML escaped.
func (s *Sim) returned(id string, p post) (string, []shortened) {
	var b strings.Builder
	var list []shortened
	add := func(full, key string) {
		if !strings.Contains(full, "://") {
			full = "http://" + full
		}
		u := shortened{
			Start: len([]rune(b.String())), URL: fmt.Sprintf("https://t.co/%s%d", id[len(id)-9:], len(list)),
			Expanded: full, Display: strings.TrimPrefix(strings.TrimPrefix(full, "https://"), "http://"), MediaKey: key,
		}
		b.WriteString(u.URL)
		u.End = len([]rune(b.String()))
		list = append(list, u)
	}
	at, text := 0, strings.TrimSpace(p.Text)
	for _, a := range addresses(text) {
		b.WriteString(escaped.Replace(text[at:a[0]]))
		add(text[a[0]:a[1]], "")
		at = a[1]
	}
	b.WriteString(escaped.Replace(text[at:]))
	if len(p.Media) > 0 {
		if b.Len() > 0 {
			b.WriteString(" ")
		}
		add("https://x.com/"+accountHandle+"/status/"+id+"/photo/1", "3_"+p.Media[0])
	}
	return b.String(), list
}

// describePost is a post in an answer, with the fields that were asked for.
func (s *Sim) describePost(r *http.Request, id string, p post) map[string]any {
	q := r.URL.Query()
	fields := strings.Split(cmp.Or(q.Get("tweet.fields"), q.Get("post.fields")), ",")
	full, all := s.returned(id, p)
	text, urls, long := full, all, weight(p.Text) > usualText
	if long {
		text, urls = beginning(full, all)
	}
	history := "edit_history_tweet_ids"
	if q.Get("post.fields") != "" {
		history = "edit_history_post_ids"
	}
	out := map[string]any{"id": id, "text": text, history: []string{id}}
	for _, f := range fields {
		switch f {
		case "author_id":
			out[f] = accountID
		case "conversation_id":
			out[f] = cmp.Or(p.Root, id)
		case "referenced_tweets", "referenced_posts":
			if p.Parent != "" {
				out[f] = []map[string]string{{"type": "replied_to", "id": p.Parent}}
			}
		case "in_reply_to_user_id":
			if p.Parent != "" {
				out[f] = accountID // there is nobody else to reply to
			}
		case "reply_settings":
			out[f] = cmp.Or(p.Replies, "everyone")
		case "created_at":
			out[f] = p.Time.Format("2006-01-02T15:04:05.000Z")
		case "entities":
			if len(urls) > 0 {
				out[f] = map[string]any{"urls": urls}
			}
		case "note_tweet", "note_post":
			if long {
				out[f] = map[string]any{"text": full, "entities": map[string]any{"urls": all}}
			}
		case "attachments":
			if len(p.Media) > 0 {
				keys := []string{}
				for _, m := range p.Media {
					keys = append(keys, "3_"+m)
				}
				out[f] = map[string]any{"media_keys": keys}
			}
		case "public_metrics":
			out[f] = s.metrics(id, p, q.Get("post.fields") != "")
		}
	}
	return out
}

// metrics grow with the age of the post.
func (s *Sim) metrics(id string, p post, newNames bool) map[string]int64 {
	age := s.Now().Sub(p.Time)
	reposts := "retweet_count"
	if newNames {
		reposts = "repost_count"
	}
	return map[string]int64{
		"impression_count": simkit.Grown(id+"i", age, 900),
		"like_count":       simkit.Grown(id+"l", age, 30),
		"reply_count":      simkit.Grown(id+"c", age, 5),
		reposts:            simkit.Grown(id+"r", age, 6),
		"quote_count":      simkit.Grown(id+"q", age, 2),
		"bookmark_count":   simkit.Grown(id+"b", age, 4),
	}
}

// live finds a post that was not deleted.
func (s *Sim) live(id string) (post, bool) {
	p, ok := s.State.Posts[id]
	record, known := s.Post(x.ID, id)
	return p, ok && known && !record.Deleted
}

// lookUp is GET /2/tweets?ids=.
func (s *Sim) lookUp(w http.ResponseWriter, r *http.Request, _ grant) {
	ids := strings.Split(r.URL.Query().Get("ids"), ",")
	if len(ids) > 100 || ids[0] == "" {
		invalid(w, "ids", strings.Join(ids, ","), "ids must have 1 to 100 entries")
		return
	}
	if i := slices.IndexFunc(ids, func(id string) bool { return !idForm.MatchString(id) }); i >= 0 {
		invalid(w, "ids", ids[i], "The `ids` query parameter value ["+ids[i]+"] is not valid")
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := map[string]any{}
	var data []map[string]any
	var errs []problem
	for _, id := range ids {
		if p, ok := s.live(id); ok {
			data = append(data, s.describePost(r, id, p))
			s.chargeRead(id, 5)
			continue
		}
		errs = append(errs, notFound("tweet", "ids", id))
	}
	if data != nil {
		out["data"] = data
	}
	if errs != nil {
		out["errors"] = errs
	}
	answer(w, http.StatusOK, out)
}

// lookUpOne is GET /2/tweets/{id}.
func (s *Sim) lookUpOne(w http.ResponseWriter, r *http.Request, _ grant) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	id := r.PathValue("id")
	p, ok := s.live(id)
	if !ok {
		answer(w, http.StatusOK, map[string]any{"errors": []problem{notFound("tweet", "id", id)}})
		return
	}
	s.chargeRead(id, 5)
	answer(w, http.StatusOK, map[string]any{"data": s.describePost(r, id, p)})
}

// remove is DELETE /2/tweets/{id}.
func (s *Sim) remove(w http.ResponseWriter, r *http.Request, _ grant) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	id := r.PathValue("id")
	if _, ok := s.live(id); !ok {
		refuse(w, http.StatusNotFound, notFound("tweet", "id", id))
		return
	}
	s.MarkDeleted(x.ID, id)
	s.charge(10)
	answer(w, http.StatusOK, map[string]any{"data": map[string]bool{"deleted": true}})
}

// me is GET /2/users/me.
func (s *Sim) me(w http.ResponseWriter, r *http.Request, _ grant) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	user := map[string]any{"id": accountID, "name": accountName, "username": accountHandle}
	if strings.Contains(r.URL.Query().Get("user.fields"), "public_metrics") {
		age := s.Now().Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		user["public_metrics"] = map[string]int64{
			"followers_count": 640 + int64(age.Hours()/36), "following_count": 118,
			"tweet_count": 310 + int64(len(s.State.Posts)), "listed_count": 4,
		}
	}
	if strings.Contains(r.URL.Query().Get("user.fields"), "subscription_type") {
		user["subscription_type"] = cmp.Or(s.State.Subscription, "None")
	}
	s.chargeRead("user", 10)
	answer(w, http.StatusOK, map[string]any{"data": user})
}

// timeline is GET /2/users/{id}/tweets, newest first.
func (s *Sim) timeline(w http.ResponseWriter, r *http.Request, _ grant) {
	q := r.URL.Query()
	count, err := strconv.Atoi(cmp.Or(q.Get("max_results"), "10"))
	if err != nil || count < 5 || count > 100 {
		invalid(w, "max_results", q.Get("max_results"), "max_results must be between 5 and 100")
		return
	}
	from, to := time.Time{}, s.Now().Add(time.Hour)
	for name, into := range map[string]*time.Time{"start_time": &from, "end_time": &to} {
		if q.Get(name) == "" {
			continue
		}
		if *into, err = time.Parse(time.RFC3339, q.Get(name)); err != nil {
			invalid(w, name, q.Get(name), "Invalid '"+name+"'. It must be a time of RFC 3339.")
			return
		}
	}
	since, until := q.Get("since_id"), q.Get("until_id")
	for name, id := range map[string]string{"since_id": since, "until_id": until} {
		if id != "" && !idForm.MatchString(id) {
			invalid(w, name, id, "The '"+name+"' query parameter value ["+id+"] is not valid")
			return
		}
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if id := r.PathValue("id"); id != accountID {
		answer(w, http.StatusOK, map[string]any{"errors": []problem{notFound("user", "id", id)}})
		return
	}
	noReplies := slices.Contains(strings.Split(q.Get("exclude"), ","), "replies")
	var found []string
	for id := range s.State.Posts {
		if p, ok := s.live(id); ok && !(noReplies && p.Parent != "") && s.Listed(p.Time) && !p.Time.Before(from) && p.Time.Before(to) && s.older(id, q.Get("pagination_token")) &&
			(since == "" || byID(id, since) > 0) && s.older(id, until) {
			found = append(found, id)
		}
	}
	slices.SortFunc(found, byID)
	slices.Reverse(found)
	meta := map[string]any{}
	if len(found) > count {
		found = found[:count]
		meta["next_token"] = found[count-1]
	}
	meta["result_count"] = len(found)
	out := map[string]any{"meta": meta}
	if len(found) > 0 {
		meta["newest_id"], meta["oldest_id"] = found[0], found[len(found)-1]
		data := []map[string]any{}
		for _, id := range found {
			data = append(data, s.describePost(r, id, s.State.Posts[id]))
			s.chargeRead("own "+id, 1)
		}
		out["data"] = data
	}
	answer(w, http.StatusOK, out)
}

// older tells whether a post comes after the last one of a page.
func (*Sim) older(id, last string) bool { return last == "" || byID(id, last) < 0 }

// byID orders ids as numbers.
func byID(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }
