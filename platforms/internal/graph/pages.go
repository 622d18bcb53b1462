package graph

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
)

// Bounds of the walk through what a person looks after: she waits for it.
const (
	maxCalls = 100 // in all; what was found by then is offered
	maxAsked = 25  // Pages that are asked for one by one
)

// Page is one Page behind a sign-in, with the account linked to it, if any.
type Page struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Username    string   `json:"username"`
	Tasks       []string `json:"tasks"`
	AccessToken string   `json:"access_token"`
	Linked      *struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
	} `json:"instagram_business_account"`
}

// May reports whether the person holds a task on the Page: "CREATE_CONTENT". Only
// the list of Pages tells tasks: of a Page that was asked for by itself they are
// not known, and what the person may do shows when it is done.
func (p Page) May(task string) bool { return p.Tasks == nil || slices.Contains(p.Tasks, task) }

// pageFields are what is asked of every Page. Its tasks are a field of the list
// alone.
const pageFields = "id,name,username,access_token,instagram_business_account{id,username,name}"

// Pages lists the Pages behind a sign-in and says what the sign-in may do. The
// list leaves out Pages that the person holds through a business portfolio alone.
// Where the permissions name them, they are asked for one by one; where they were
// given for all Pages and so name none, her portfolios are looked through.
func (c *Client) Pages(ctx context.Context, app platforms.App, g platforms.Grant) ([]Page, Debug, error) {
	debug, err := c.Debug(ctx, app, g.Tokens.Access)
	if err != nil {
		return nil, Debug{}, err
	}
	w := walk{Client: c, app: app, token: g.Tokens.Access, calls: new(int)}
	if err := w.list(ctx, "me/accounts", pageFields+",tasks"); err != nil {
		return nil, Debug{}, err
	}
	for _, id := range debug.unlisted(w.pages) {
		var p Page
		if err := w.ask(ctx, url.PathEscape(id), pageFields, &p); err != nil {
			return nil, Debug{}, err
		}
		w.add(p)
	}
	if debug.namesNoPage() && debug.Has("business_management", "") {
		if err := w.portfolios(ctx); err != nil {
			return nil, Debug{}, err
		}
	}
	return w.pages, debug, nil
}

// walk collects the Pages that a person looks after.
type walk struct {
	*Client
	app   platforms.App
	token platforms.Secret
	calls *int // that were made
	pages []Page
}

// ended reports whether enough was asked, and counts the next call.
func (w *walk) ended() bool {
	*w.calls++
	return *w.calls > maxCalls
}

// add takes a Page in, once.
func (w *walk) add(p Page) {
	if p.ID != "" && !slices.ContainsFunc(w.pages, func(q Page) bool { return q.ID == p.ID }) {
		w.pages = append(w.pages, p)
	}
}

// ask reads something that may be refused: it is not hers any more, or she did
// not let the app see it. Then out stays empty.
func (w *walk) ask(ctx context.Context, path, fields string, out any) error {
	if w.ended() {
		return nil
	}
	_, err := w.Do(ctx, Call{Op: OpRead, Path: path, App: w.app, Token: w.token, Params: url.Values{"fields": {fields}}}, out)
	if platforms.KindOf(err) == platforms.Rejected {
		return nil
	}
	return err
}

// list takes in all Pages of a list.
func (w *walk) list(ctx context.Context, path, fields string) error {
	after := ""
	for !w.ended() {
		var a struct {
			Data   []Page
			Paging struct {
				Cursors struct{ After string }
				Next    string // holds the token: only whether it is there counts
			}
		}
		params := url.Values{"fields": {fields}, "limit": {"100"}}
		if after != "" {
			params.Set("after", after)
		}
		if _, err := w.Do(ctx, Call{Op: OpRead, Path: path, App: w.app, Token: w.token, Params: params}, &a); err != nil {
			return err
		}
		for _, p := range a.Data {
			w.add(p)
		}
		if after = a.Paging.Cursors.After; a.Paging.Next == "" || after == "" {
			return nil
		}
	}
	return nil
}

// portfolios takes in the Pages of the person's business portfolios that she can
// act for: the others come without a token.
func (w *walk) portfolios(ctx context.Context) error {
	var a struct{ Data []struct{ ID string } }
	if err := w.ask(ctx, "me/businesses", "id", &a); err != nil {
		return err
	}
	for _, b := range a.Data {
		for _, edge := range []string{"owned_pages", "client_pages"} {
			all := walk{Client: w.Client, app: w.app, token: w.token, calls: w.calls}
			err := all.list(ctx, url.PathEscape(b.ID)+"/"+edge, pageFields)
			if err != nil && platforms.KindOf(err) != platforms.Rejected {
				return err
			}
			for _, p := range all.pages {
				if p.AccessToken != "" {
					w.add(p)
				}
			}
		}
	}
	return nil
}

// unlisted are the ids of Pages that a permission was given for and that are not
// among these, at most maxAsked of them.
func (d Debug) unlisted(pages []Page) []string {
	var out []string
	for _, id := range d.namedPages() {
		known := id == "" || slices.Contains(out, id) || slices.ContainsFunc(pages, func(p Page) bool { return p.ID == id })
		if !known && len(out) < maxAsked {
			out = append(out, id)
		}
	}
	return out
}

// namesNoPage reports whether the permissions hold for whatever Pages there are.
func (d Debug) namesNoPage() bool { return len(d.namedPages()) == 0 }

// namedPages are the ids of the Pages that permissions were given for. Accounts
// and businesses have ids of their own.
func (d Debug) namedPages() (ids []string) {
	for _, g := range d.Granular {
		if strings.HasPrefix(g.Scope, "pages_") {
			ids = append(ids, g.Targets...)
		}
	}
	return ids
}
