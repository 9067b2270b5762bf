package flow

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// An instant is written as time.Format writes it.
func TestInstantsAreWritten(t *testing.T) {
	all := []int64{1, -1, 1e6, 1764316800e6, 1764316800e6 + 1, 1764316800999999, 1709164800e6, -62135596800e6, 253402300799999999, 253402300800e6, 253402300800e6 + 5e5, math.MaxInt64, math.MinInt64}
	for range 2000 {
		all = append(all, rand.Int64N(1<<52)-1<<50, rand.Int64N(1<<32)*1e6)
	}
	for _, micros := range all {
		layout := "2006-01-02 15:04:05.000000-07:00"
		if micros%1e6 == 0 {
			layout = "2006-01-02 15:04:05-07:00"
		}
		if want, got := time.UnixMicro(micros).UTC().Format(layout), WriteTime(micros); got != want {
			t.Errorf("%d: %s, not %s", micros, got, want)
		}
	}
	if TimeText(0) != nil {
		t.Error("no time is written")
	}
}
