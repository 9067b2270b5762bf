package cli

import (
	"fmt"
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
