package task_test

import (
	"slices"
	"testing"
	"time"
)

// report prints the middle and the tail of a run's times.
func report(b *testing.B, what string, d []time.Duration) {
	slices.Sort(d)
	at := func(q float64) time.Duration { return d[min(int(q*float64(len(d))), len(d)-1)] }
	b.Logf("%s: n=%d p50=%v p95=%v p99=%v max=%v", what, len(d), at(.5), at(.95), at(.99), d[len(d)-1])
	b.ReportMetric(float64(at(.95).Microseconds())/1000, what+"-p95-ms")
}
