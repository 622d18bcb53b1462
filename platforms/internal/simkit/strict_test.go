package simkit_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

func TestReadJSONTakesFieldsByTheirExactNames(t *testing.T) {
	t.Parallel()
	type inner struct {
		IDs []string `json:"ids"`
	}
	type outer struct {
		inner
		Text  string           `json:"text"`
		Media *inner           `json:"media"`
		More  []inner          `json:"more"`
		Raw   json.RawMessage  `json:"raw"`
		Any   map[string]inner `json:"any"`
	}
	for body, want := range map[string]string{
		`{}`: "", `{"text":"a"}`: "", `{"ids":["1"]}`: "", `{"media":null}`: "", `{"media":{"ids":[]},"more":[{"ids":["1"]}]}`: "",
		`{"raw":{"colour":"red"}}`:      "",
		`{"Text":"a"}`:                  "/Text",
		`{"colour":"red"}`:              "/colour",
		`{"media":{"id":["1"]}}`:        "/media/id",
		`{"more":[{"ids":[]},{"x":1}]}`: "/more/1/x",
	} {
		var v outer
		err := simkit.ReadJSON(strings.NewReader(body), &v)
		e, ok := errors.AsType[*simkit.UnknownField](err)
		if want == "" && err != nil || want != "" && (!ok || e.Path != want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	for _, body := range []string{``, `{`, `[]`, `{"text":1}`, `{} {}`} {
		var v outer
		if err := simkit.ReadJSON(strings.NewReader(body), &v); err == nil {
			t.Errorf("%q was read without a word", body)
		}
	}
}
