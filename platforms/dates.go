package platforms

import (
	"context"
	"time"
)

type dateKey struct{}

// WatchDates lets see be called with the date of every answer to a call under
// this context, as soon as the answer begins, be it good or bad. host is who
// answered.
func WatchDates(ctx context.Context, see func(host string, date time.Time)) context.Context {
	return context.WithValue(ctx, dateKey{}, see)
}

// ReportDate passes the date of an answer on to whoever watches.
func ReportDate(ctx context.Context, host string, date time.Time) {
	if see, ok := ctx.Value(dateKey{}).(func(string, time.Time)); ok {
		see(host, date)
	}
}

// TimeTeller is implemented by platforms that can be asked for nothing but the
// time: without a sign-in, and by a request that does nothing. The date of the
// answer is reported as all are; whether it is a good answer does not matter.
type TimeTeller interface {
	AskTime(ctx context.Context, a Account) error
}
