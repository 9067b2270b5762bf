package meter_test

import (
	"strings"
	"testing"

	"github.com/kura-build/kura/blob"
	"github.com/kura-build/kura/blob/dir"
	"github.com/kura-build/kura/blob/meter"
	"github.com/prometheus/client_golang/prometheus"
)

func TestCounts(t *testing.T) {
	store, err := dir.New(t.TempDir(), dir.MinFree(0))
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	s, err := meter.New(store, reg)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Put(t.Context(), strings.NewReader("twelve bytes"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), info.Sum)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := s.Open(t.Context(), blob.Sum{}); err == nil {
		t.Fatal("opened what is not there")
	}
	got := map[string]float64{}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			if m.GetCounter() != nil {
				got[name] = m.GetCounter().GetValue()
			} else {
				got[name] = float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	for name, want := range map[string]float64{
		"kura_blob_operations_total put ok":         1,
		"kura_blob_operations_total open ok":        1,
		"kura_blob_operations_total open not found": 1,
		"kura_blob_seconds open":                    2,
		"kura_blob_bytes_total in":                  12,
		"kura_blob_bytes_total out":                 12,
	} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
	if _, err := meter.New(store, reg); err == nil {
		t.Error("two stores count into the same metrics unnoticed")
	}
}
