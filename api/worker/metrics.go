package worker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kura-build/kura/hub/task"
)

type metrics struct {
	leaseWait *prometheus.HistogramVec
	calls     *prometheus.CounterVec
	ended     *prometheus.CounterVec
	bytes     *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, b *task.Board) *metrics {
	m := &metrics{
		leaseWait: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kura_task_wait_seconds", Help: "From a task becoming free to its lease.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600},
		}, []string{"method"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kura_worker_calls_total", Help: "Calls of build hosts, by how they ended.",
		}, []string{"call", "kind"}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kura_worker_tasks_total", Help: "Tasks that build hosts ended.",
		}, []string{"method", "end"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kura_worker_received_bytes_total", Help: "Bytes of logs and files that build hosts sent.",
		}, []string{"what"}),
	}
	if r != nil {
		r.MustRegister(m.leaseWait, m.calls, m.ended, m.bytes, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "kura_worker_waiting", Help: "Build hosts that wait for a task at this hub.",
		}, func() float64 { return float64(b.Waiting()) }))
	}
	return m
}

func (m *metrics) call(name string, err error) {
	kind := "ok"
	if err != nil {
		kind = kindOf(err).String()
	}
	m.calls.WithLabelValues(name, kind).Inc()
}

func (m *metrics) leased(t *task.Task) {
	m.leaseWait.WithLabelValues(t.Method).Observe(time.Since(time.UnixMicro(t.FreeTime)).Seconds())
}
