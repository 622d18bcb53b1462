package simkit

import (
	"hash/fnv"
	"math"
	"time"
)

// Grown is a number of a post of this age: it only grows, quickly on the first
// day, and ends somewhere between half and one and a half times of end. The
// same key always gives the same curve.
func Grown(key string, age time.Duration, end int64) int64 {
	if age <= 0 {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	share := 0.5 + float64(h.Sum32()%1000)/1000
	return int64(float64(end) * share * (1 - math.Exp(-age.Hours()/30)))
}
