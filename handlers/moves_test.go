package handlers

import (
	"net/url"
	"strconv"

	"github.com/bandstand-app/bandstand/store"
)

// moving is the form of a move as a drag sends it.
func (s *scene) moving(p store.SavedPost, date, clock string) url.Values {
	return url.Values{
		"op": {store.NewID()}, "version": {strconv.FormatInt(p.Version, 10)}, "to_date": {date}, "to_time": {clock},
		"tz": {s.club.Zone}, "via": {"drag"}, "ctx": {"/calendar"},
	}
}
