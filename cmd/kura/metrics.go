package main

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/task"
)

// newMetrics makes the registry that /metrics shows.
func newMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "kura_info", Help: "Which kura runs here.", ConstLabels: prometheus.Labels{"version": kura.Version},
	})
	info.Set(1)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), info)
	return r
}

// census counts what the whole installation has, when it is asked. Each hub of
// an installation gives the same numbers.
type census struct {
	db    *db.DB
	tasks *prometheus.Desc
	hosts *prometheus.Desc
}

func newCensus(d *db.DB) *census {
	return &census{
		db:    d,
		tasks: prometheus.NewDesc("kura_tasks", "Tasks that are not over, by state.", []string{"state"}, nil),
		hosts: prometheus.NewDesc("kura_hosts", "Build hosts, by whether they are enabled and ready.", []string{"state"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *census) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.tasks
	ch <- c.hosts
}

// Collect implements prometheus.Collector.
func (c *census) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := c.db.View(ctx, func(tx *db.Tx) error {
		for _, s := range []task.State{task.Free, task.Assigned, task.Open} {
			n, err := task.Count(ctx, tx, task.Filter{States: []task.State{s}})
			if err != nil {
				return err
			}
			ch <- prometheus.MustNewConstMetric(c.tasks, prometheus.GaugeValue, float64(n), strings.ToLower(s.String()))
		}
		hosts, err := task.ListHosts(ctx, tx, task.HostFilter{})
		if err != nil {
			return err
		}
		count := map[string]float64{"ready": 0, "away": 0, "disabled": 0}
		for _, h := range hosts {
			switch {
			case !h.Enabled:
				count["disabled"]++
			case h.Ready:
				count["ready"]++
			default:
				count["away"]++
			}
		}
		for state, n := range count {
			ch <- prometheus.MustNewConstMetric(c.hosts, prometheus.GaugeValue, n, state)
		}
		return nil
	})
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.tasks, err)
	}
}
