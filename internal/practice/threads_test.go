package practice

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestWhatFollowsAPostStandsBelowItInOrder: the record of several platforms, oldest
// first, as people read it.
func TestWhatFollowsAPostStandsBelowItInOrder(t *testing.T) {
	t.Parallel()
	post := func(platform platforms.ID, account, id, kind, parent string) platforms.SimPost {
		return platforms.SimPost{Platform: platform, Account: account, ID: id, Kind: kind, Parent: parent}
	}
	for name, c := range map[string]struct {
		record []platforms.SimPost
		want   []string
	}{
		"nothing": {nil, nil},
		"a thread of three, and a post between its parts": {[]platforms.SimPost{
			post("tin", "1", "a", "", ""), post("tin", "1", "b", platforms.SimReply, "a"), post("tin", "1", "c", "", ""), post("tin", "1", "d", platforms.SimReply, "b"),
		}, []string{"c", "a: b d"}},
		"a comment, and a story": {[]platforms.SimPost{
			post("tin", "1", "a", "", ""), post("tin", "1", "b", platforms.SimStory, ""), post("tin", "1", "c", platforms.SimComment, "a"),
		}, []string{"b", "a: c"}},
		"the same ids on another platform and at another account": {[]platforms.SimPost{
			post("tin", "1", "a", "", ""), post("wood", "1", "a", "", ""), post("tin", "2", "a", "", ""), post("wood", "1", "b", platforms.SimReply, "a"),
		}, []string{"a", "a: b", "a"}},
		"a part whose beginning was forgotten": {[]platforms.SimPost{
			post("tin", "1", "b", platforms.SimReply, "a"), post("tin", "1", "c", platforms.SimReply, "b"),
		}, []string{"b: c"}},
		"a part of the same second that stands before its beginning": {[]platforms.SimPost{
			post("tin", "1", "b", platforms.SimReply, "a"), post("tin", "1", "a", "", ""),
		}, []string{"a: b"}},
		"a circle": {[]platforms.SimPost{
			post("tin", "1", "a", platforms.SimReply, "b"), post("tin", "1", "b", platforms.SimReply, "a"),
		}, []string{"b", "a"}},
	} {
		var got []string
		for _, th := range Threads(c.record) {
			line := th.ID
			if len(th.Parts) > 0 {
				line += ":"
			}
			for _, p := range th.Parts {
				line += " " + p.ID
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestALongThreadIsPutInOrderInTime: each part follows the one before it.
func TestALongThreadIsPutInOrderInTime(t *testing.T) {
	t.Parallel()
	record := []platforms.SimPost{{ID: "0"}}
	for i := 1; i < 500; i++ {
		record = append(record, platforms.SimPost{ID: fmt.Sprint(i), Kind: platforms.SimReply, Parent: fmt.Sprint(i - 1)})
	}
	threads := Threads(record)
	if len(threads) != 1 || len(threads[0].Parts) != 499 || !strings.HasSuffix(threads[0].Parts[498].ID, "499") {
		t.Errorf("%d threads, the first with %d parts", len(threads), len(threads[0].Parts))
	}
}
