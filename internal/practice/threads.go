package practice

import (
	"slices"

	"github.com/bandstand-app/bandstand/platforms"
)

// Thread is what stands for itself in a record, with everything that follows it: the
// further posts of its thread, or the comments below it.
type Thread struct {
	platforms.SimPost
	Parts []platforms.SimPost // oldest first
}

// recorded names one entry of a record.
type recorded struct {
	platform    platforms.ID
	account, id string
}

// Threads puts a record, oldest first, in the order in which people read it: the
// newest thread first, and in each what follows below what it follows. A part whose
// beginning is no longer in the record stands for itself.
func Threads(record []platforms.SimPost) []Thread {
	parents := make(map[recorded]string, len(record))
	for _, p := range record {
		parents[recorded{p.Platform, p.Account, p.ID}] = p.Parent
	}
	var out []Thread
	at := map[recorded]int{}
	for _, p := range record {
		begins := beginning(parents, recorded{p.Platform, p.Account, p.ID})
		if begins.id == p.ID {
			at[begins] = len(out)
			out = append(out, Thread{SimPost: p})
		}
	}
	for _, p := range record {
		begins := beginning(parents, recorded{p.Platform, p.Account, p.ID})
		if begins.id != p.ID {
			place := at[begins]
			out[place].Parts = append(out[place].Parts, p)
		}
	}
	slices.Reverse(out)
	return out
}

// beginning is the first of a thread that is in the record. Of a circle, which no
// platform makes, each is its own.
func beginning(parents map[recorded]string, of recorded) recorded {
	at := of
	for range parents {
		before := recorded{at.platform, at.account, parents[at]}
		if _, known := parents[before]; before.id == "" || !known {
			return at
		}
		at = before
	}
	return of
}
