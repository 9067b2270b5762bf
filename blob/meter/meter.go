package meter

import (
	"context"
	"io"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/blob"
	"github.com/prometheus/client_golang/prometheus"
)

// meter wraps a store. Bytes put are those that passed, also of a Put that
// failed.
type meter struct {
	next  blob.Store
	ops   *prometheus.CounterVec
	time  *prometheus.HistogramVec
	bytes *prometheus.CounterVec
}

// New wraps a store and registers its metrics: kura_blob_operations_total by
// operation and result, kura_blob_seconds by operation, kura_blob_bytes_total
// by direction. Registering two stores with one registry is an error.
func New(next blob.Store, reg prometheus.Registerer) (blob.Store, error) {
	m := &meter{
		next: next,
		ops: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kura_blob_operations_total",
			Help: "Operations on stored content, by how they ended.",
		}, []string{"op", "result"}),
		time: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "kura_blob_seconds",
			Help:    "Time of operations on stored content. Reading after Open is not in it.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 9), // 1 ms to 65 s
		}, []string{"op"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kura_blob_bytes_total",
			Help: "Bytes of content that was put, and size of what was opened.",
		}, []string{"direction"}),
	}
	for _, c := range []prometheus.Collector{m.ops, m.time, m.bytes} {
		if err := reg.Register(c); err != nil {
			return nil, kura.E("blob/meter.New", err)
		}
	}
	return m, nil
}

func (m *meter) done(op string, start time.Time, err error) {
	result := "ok"
	if err != nil {
		result = kura.KindOf(err).String()
	}
	m.ops.WithLabelValues(op, result).Inc()
	m.time.WithLabelValues(op).Observe(time.Since(start).Seconds())
}

func (m *meter) Put(ctx context.Context, r io.Reader, expect *blob.Sum) (info blob.Info, err error) {
	defer func(start time.Time) { m.done("put", start, err) }(time.Now())
	return m.next.Put(ctx, counter{r, m.bytes.WithLabelValues("in")}, expect)
}

func (m *meter) Open(ctx context.Context, sum blob.Sum) (r blob.Reader, err error) {
	defer func(start time.Time) { m.done("open", start, err) }(time.Now())
	r, err = m.next.Open(ctx, sum)
	if err != nil {
		return nil, err
	}
	// What is opened is nearly always read; counting at Read would hide the
	// file from sendfile.
	m.bytes.WithLabelValues("out").Add(float64(r.Size()))
	return r, nil
}

func (m *meter) Stat(ctx context.Context, sum blob.Sum) (info blob.Info, err error) {
	defer func(start time.Time) { m.done("stat", start, err) }(time.Now())
	return m.next.Stat(ctx, sum)
}

func (m *meter) Delete(ctx context.Context, sum blob.Sum) (err error) {
	defer func(start time.Time) { m.done("delete", start, err) }(time.Now())
	return m.next.Delete(ctx, sum)
}

func (m *meter) Walk(ctx context.Context, fn func(blob.Info) error) (err error) {
	defer func(start time.Time) { m.done("walk", start, err) }(time.Now())
	return m.next.Walk(ctx, fn)
}

func (m *meter) Healthy(ctx context.Context) (err error) {
	defer func(start time.Time) { m.done("healthy", start, err) }(time.Now())
	return m.next.Healthy(ctx)
}

type counter struct {
	r io.Reader
	n prometheus.Counter
}

func (c counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(float64(n))
	return n, err
}
