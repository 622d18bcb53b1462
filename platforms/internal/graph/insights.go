package graph

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
)

// Insights reads lifetime metrics of a post. One name that is not offered fails
// a whole call, so after such a refusal each is asked for alone. What was not
// given is absent. The raw answers come back in order.
func (c *Client) Insights(ctx context.Context, s platforms.Session, path string, metrics []string) (map[string]int64, []json.RawMessage, error) {
	values := map[string]int64{}
	raw, err := c.insights(ctx, s, path, metrics, values)
	if err == nil {
		return values, []json.RawMessage{raw}, nil
	}
	if platforms.KindOf(err) != platforms.Rejected || len(metrics) < 2 {
		return values, nil, err
	}
	var raws []json.RawMessage
	for _, m := range metrics {
		raw, err := c.insights(ctx, s, path, []string{m}, values)
		switch {
		case err == nil:
			raws = append(raws, raw)
		case platforms.KindOf(err) != platforms.Rejected:
			return values, raws, err
		}
	}
	return values, raws, nil
}

func (c *Client) insights(ctx context.Context, s platforms.Session, path string, metrics []string, into map[string]int64) (json.RawMessage, error) {
	var a struct {
		Data []struct {
			Name, Period string
			Values       []struct{ Value json.RawMessage }
		}
	}
	resp, err := c.Do(ctx, Call{
		Op: OpNumbers, Path: path, App: s.App, Token: s.Access,
		Params: url.Values{"metric": {strings.Join(metrics, ",")}},
	}, &a)
	if err != nil {
		return nil, err
	}
	for _, d := range a.Data {
		// Beside the lifetime row some metrics have a stale row for one day.
		if d.Period != "lifetime" || len(d.Values) == 0 {
			continue
		}
		if n, ok := sum(d.Values[0].Value); ok {
			into[d.Name] = n
		}
	}
	return resp.Body, nil
}

// sum reads a figure: a number, or an object of numbers by kind.
func sum(raw json.RawMessage) (int64, bool) {
	var n int64
	if json.Unmarshal(raw, &n) == nil && string(raw) != "null" {
		return n, true
	}
	var parts map[string]int64
	if json.Unmarshal(raw, &parts) != nil || parts == nil {
		return 0, false
	}
	for _, v := range parts {
		n += v
	}
	return n, true
}

// JoinRaw makes one JSON document of several answers.
func JoinRaw(raws ...json.RawMessage) []byte {
	b, err := json.Marshal(raws)
	if err != nil {
		return nil // an answer that was decoded before is valid JSON
	}
	return b
}
