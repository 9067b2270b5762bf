package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kura-build/kura/hub/task"
)

// topicLog is signalled, with the task's id behind it, when a log of a task
// grew.
const topicLog = "task.log."

const (
	streamFor = 10 * time.Minute       // then the browser comes again, to whichever hub
	pause     = 200 * time.Millisecond // at least, between two looks
	sendIn    = 20 * time.Second       // who does not take what is sent is dropped
	quiet     = 15 * time.Second       // without a sign of life, for proxies between
)

// stream is one browser that follows something over server-sent events.
type stream struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	wake chan struct{}
	sent time.Time
}

// follow runs look at once, then whenever one of the tasks gives a signal, and
// every tick, until look says that there is no more to come.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, tasks []int64, look func(ctx context.Context, st *stream) (done bool, err error)) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many live pages", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), streamFor)
	defer cancel()
	st := &stream{w: w, rc: http.NewResponseController(w), wake: make(chan struct{}, 1)}
	defer s.listen(st, tasks)()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold it back
	if err := st.write("retry: 2000\n\n"); err != nil {
		return
	}
	tick := time.NewTicker(s.Tick)
	defer tick.Stop()
	for {
		done, err := look(ctx, st)
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("live page", "path", r.URL.Path, "err", err)
		}
		if err != nil || done {
			return // the browser comes again, unless it was told the end
		}
		if time.Since(st.sent) > quiet && st.write(": still here\n\n") != nil {
			return
		}
		select {
		case <-st.wake:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select { // signals that come in a heap are one
		case <-time.After(min(pause, s.Tick)):
		case <-ctx.Done():
			return
		}
	}
}

// listen has the tasks' signals wake the stream. A bus that is away only makes
// it slower: there is the tick.
func (s *Server) listen(st *stream, tasks []int64) (stop func()) {
	var stops []func()
	if s.Bus != nil {
		for _, id := range tasks {
			for _, topic := range []string{topicLog, task.TopicDone, task.TopicCancel} {
				end, err := s.Bus.Listen(topic+strconv.FormatInt(id, 10), func(string, []byte) {
					select {
					case st.wake <- struct{}{}:
					default:
					}
				})
				if err != nil {
					s.Log.Warn("listen for a live page", "task", id, "err", err)
					break
				}
				stops = append(stops, end)
			}
		}
	}
	return func() {
		for _, f := range stops {
			f()
		}
	}
}

func (st *stream) write(text string) error {
	st.rc.SetWriteDeadline(time.Now().Add(sendIn)) // where it cannot be set, the server's own holds
	if _, err := st.w.Write([]byte(text)); err != nil {
		return err
	}
	st.sent = time.Now()
	return st.rc.Flush()
}

// send sends an event. Its data is JSON, which has no line ends; id may be
// empty.
func (st *stream) send(event, id string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "event: %s\n", event)
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	fmt.Fprintf(&b, "data: %s\n\n", body)
	return st.write(b.String())
}
