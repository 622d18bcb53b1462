package posts

import (
	"slices"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// TestStoryNamesTheLatest: a plan that was changed is told as it is now, and accounts
// whose posts were found or confirmed are out like all others.
func TestStoryNamesTheLatest(t *testing.T) {
	t.Parallel()
	event := func(kind, delivery string) store.PostEvent {
		return store.PostEvent{DeliveryID: delivery, Note: club.Note{Kind: kind}}
	}
	events := []store.PostEvent{
		event(club.NoteScheduled, "a"), event(club.NoteScheduled, "b"), event(club.NoteRetimed, "a"), event(club.NoteRetimed, "b"),
		event(club.NoteLate, "a"), event(club.NoteLate, "b"), event(club.NotePublished, "a"), event(club.NoteAsks, "b"), event(club.NoteSaidThere, "b"),
	}
	var got []string
	for _, line := range story(events) {
		text := line[0].Note.Kind
		for _, e := range line {
			text += " " + e.DeliveryID
		}
		got = append(got, text)
	}
	if want := []string{"retimed b a", "said_there b a"}; !slices.Equal(got, want) {
		t.Errorf("the story is %q, want %q", got, want)
	}
}
