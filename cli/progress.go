package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/kura-build/kura/client"
)

// progress shows how a file moves: one line that is written over on a
// terminal, nothing elsewhere. The second function ends the line.
func (a *app) progress(verb, name string) (client.Progress, func()) {
	if _, _, ok := a.Size(a.Err); !ok || a.quiet || a.json {
		return nil, func() {}
	}
	var last time.Time
	begun := a.Now()
	shown := false
	return func(done, total int64) {
			now := a.Now()
			if done != total && now.Sub(last) < 100*time.Millisecond {
				return
			}
			last, shown = now, true
			rate := ""
			if s := now.Sub(begun).Seconds(); s > 0.2 {
				rate = bytesText(int64(float64(done)/s)) + "/s"
			}
			share := ""
			if total > 0 {
				share = fmt.Sprintf("%3d%%", done*100/total)
			}
			fmt.Fprintf(a.Err, "\r%s %s  %s  %s  %s\x1b[K", verb, clean(name), share, bytesText(done), rate)
		}, func() {
			if shown {
				fmt.Fprintln(a.Err)
			}
		}
}

// counting shows how many of how many things are done, like progress does with
// bytes. The functions may be called from several goroutines, and the second
// again and again.
func (a *app) counting(what string) (func(done, total int), func()) {
	if _, _, ok := a.Size(a.Err); !ok || a.quiet || a.json {
		return nil, func() {}
	}
	var mu sync.Mutex
	var last time.Time
	shown := false
	return func(done, total int) {
			mu.Lock()
			defer mu.Unlock()
			now := a.Now()
			if done != total && now.Sub(last) < 100*time.Millisecond {
				return
			}
			last, shown = now, true
			fmt.Fprintf(a.Err, "\r%3d%%  %d of %d %s\x1b[K", done*100/max(total, 1), done, total, what)
		}, func() {
			mu.Lock()
			defer mu.Unlock()
			if shown {
				fmt.Fprint(a.Err, "\r\x1b[K")
			}
			shown = false
		}
}
