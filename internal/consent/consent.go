// Package consent signs in at a make-believe platform as a person would: it opens
// the consent page and presses its first button until the platform sends it back.
package consent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/oauth2"

	"github.com/bandstand-app/bandstand/platforms"
)

// MaxClicks bounds the pages of one consent.
const MaxClicks = 8

// SayYes signs in at a make-believe platform as a person would: it opens the
// consent page, leaves every box ticked and presses the first button, until the
// platform sends it back with a code.
func SayYes(ctx context.Context, client *http.Client, p platforms.OAuthSignIn, app platforms.App, redirect string) (platforms.Grant, error) {
	verifier := oauth2.GenerateVerifier()
	const state = "furnish"
	at, err := p.AuthURL(platforms.AuthRequest{App: app, RedirectURL: redirect, State: state, Challenge: oauth2.S256ChallengeFromVerifier(verifier)})
	if err != nil {
		return platforms.Grant{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return platforms.Grant{}, err
	}
	for range MaxClicks {
		resp, err := client.Do(req)
		if err != nil {
			return platforms.Grant{}, err
		}
		if to := resp.Header.Get("Location"); strings.HasPrefix(to, redirect) {
			resp.Body.Close()
			u, err := url.Parse(to)
			if err != nil {
				return platforms.Grant{}, err
			}
			return p.Exchange(ctx, platforms.ExchangeRequest{
				App: app, RedirectURL: redirect, Code: u.Query().Get("code"), Verifier: verifier,
			})
		}
		req, err = NextClick(ctx, resp)
		resp.Body.Close()
		if err != nil {
			return platforms.Grant{}, err
		}
	}
	return platforms.Grant{}, errors.New("the consent page never sent us back")
}

// NextClick is what follows a page: its redirect, or its form with the first
// button.
func NextClick(ctx context.Context, resp *http.Response) (*http.Request, error) {
	here := resp.Request.URL
	if to := resp.Header.Get("Location"); to != "" {
		u, err := here.Parse(to)
		if err != nil {
			return nil, err
		}
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the consent page answered %d", resp.StatusCode)
	}
	action, fields, err := firstForm(resp.Body)
	if err != nil {
		return nil, err
	}
	u, err := here.Parse(action)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req, nil
}

// firstForm reads the first form of a page as a browser would send it when its
// first button is pressed.
func firstForm(r io.Reader) (action string, fields url.Values, err error) {
	doc, err := html.Parse(r)
	if err != nil {
		return "", nil, err
	}
	fields = url.Values{}
	var form *html.Node
	pressed := false
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		a := attributes(n)
		switch {
		case n.Type == html.ElementNode && n.Data == "form" && form == nil:
			form, action = n, a["action"]
		case form == nil || n.Type != html.ElementNode:
		case n.Data == "input" && (a["type"] == "checkbox" || a["type"] == "radio"):
			if _, ticked := a["checked"]; ticked {
				fields.Add(a["name"], a["value"])
			}
		case n.Data == "input":
			fields.Add(a["name"], a["value"])
		case n.Data == "button" && !pressed:
			pressed = true
			if a["name"] != "" {
				fields.Add(a["name"], a["value"])
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	if form == nil {
		return "", nil, errors.New("the page has no form")
	}
	return action, fields, nil
}

func attributes(n *html.Node) map[string]string {
	m := make(map[string]string, len(n.Attr))
	for _, a := range n.Attr {
		m[a.Key] = a.Val
	}
	return m
}
