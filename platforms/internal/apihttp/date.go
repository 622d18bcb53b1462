package apihttp

import (
	"context"
	"net/http"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Date is when the answer was made by the clock of who made it (RFC 9110
// §6.6.1), to the second; zero if it does not say so. An answer that has an age
// was kept by something on the way, and says nothing of the time now.
func Date(h http.Header) time.Time {
	if len(h.Values("Age")) > 0 {
		return time.Time{}
	}
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// AskTime asks the host of this address for nothing but the date of its answer,
// which may say anything else.
func (c *Client) AskTime(ctx context.Context, address string) error {
	_, err := c.Do(ctx, Request{Op: "time", Method: http.MethodHead, URL: address + "/", AnyType: true})
	if platforms.KindOf(err) == platforms.Unknown {
		return nil // an answer came, or its beginning
	}
	return err
}
