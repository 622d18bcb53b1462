package faults

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestSameTextAfterALostAnswerIsNotTakenForTheEarlierPost publishes the same text
// twice on one account, and another after that, while the second call fails: its
// look finds the first post, which proves nothing. The account never stands still.
func TestSameTextAfterALostAnswerIsNotTakenForTheEarlierPost(t *testing.T) {
	t.Parallel()
	lost := lostAnswer(t)
	for _, newPlatform := range e2ekit.Catalogue().Platforms {
		info := newPlatform(platforms.Env{}).Info()
		for _, pictures := range []bool{false, true} {
			if !pictures && info.ID == "instagram" {
				continue // takes no post without one
			}
			for _, fault := range []string{lost.Fault, "reset_after"} {
				name := string(info.ID) + " " + fault
				if pictures {
					name += " with a picture"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s := newStage(t, newPlatform)
					post := s.scheduleText
					if pictures {
						post = s.schedule
					}
					first := post("Kick-off!")
					s.settle()
					one := lost
					one.Platform, one.Fault = info.ID, fault
					if err := s.world.Sim.Fault(one); err != nil {
						t.Fatal(err)
					}
					second := post("Kick-off!")
					s.settle()
					third := post("Doors open at six")
					s.settle()

					want := s.delivery(first)
					if want.Phase != club.Linked {
						t.Fatalf("the first ended as %s/%s:\n%s", want.Status, want.Phase, s.story(first))
					}
					d := s.delivery(second)
					public := 0
					for _, p := range s.world.Public() {
						if strings.HasPrefix(p.Text, "Kick-off!") {
							public++
						}
					}
					switch {
					case d.Phase == club.Linked && d.RemoteID != want.RemoteID && public == 2:
					case d.Phase == club.Ambiguous && public == 1: // X and LinkedIn refuse the same words twice
					default:
						t.Errorf("the second ended as %s/%s as %q (the first is %q), and %d are public:\n%s",
							d.Status, d.Phase, d.RemoteID, want.RemoteID, public, s.story(second))
					}
					if d := s.delivery(third); d.Phase != club.Linked {
						t.Errorf("the third ended as %s/%s:\n%s", d.Status, d.Phase, s.story(third))
					}
				})
			}
		}
	}
}

// lostAnswer is the fault of the case in testdata/same-text-lost-answer.jsonl.
func lostAnswer(t *testing.T) platforms.SimFault {
	t.Helper()
	file, err := os.ReadFile("testdata/same-text-lost-answer.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(file) {
		var step struct {
			Fault *struct {
				Operation, Fault string
				Count            int
			} `json:"fault"`
		}
		if !bytes.HasPrefix(line, []byte("{")) {
			continue
		}
		if err := json.Unmarshal(line, &step); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if f := step.Fault; f != nil {
			return platforms.SimFault{Operation: f.Operation, Fault: f.Fault, Count: f.Count}
		}
	}
	t.Fatal("the case names no fault")
	return platforms.SimFault{}
}
