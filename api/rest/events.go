package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

const (
	streamFor = 30 * time.Minute // then the caller comes again, where it was
	lookEvery = time.Second
	atMost    = 250 * time.Millisecond // between two looks, whatever happens
	quiet     = 15 * time.Second       // without a sign of life, for proxies between
	sendIn    = 20 * time.Second       // who does not take what is sent is dropped
	batch     = 256
)

// eventView is what happened.
type eventView struct {
	ID    int64           `json:"id"`
	Topic string          `json:"topic" doc:"noun.verb: build.state, tag.packages"`
	Time  time.Time       `json:"time"`
	Body  json.RawMessage `json:"body"`
}

// events is for who follows what happens. It is no operation of huma's: its
// answer has no end.
func (s *Server) events() {
	o, h := s.operation("follow-events")
	h.Parameters = []*huma.Param{
		{Name: "topic", In: "query", Schema: &huma.Schema{Type: huma.TypeString}, Description: "the beginning of topics, several with commas between them; none: all"},
		{Name: "after", In: "query", Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64"}, Description: "events behind this one; none: from now on. Events are kept for a week"},
		{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64"}, Description: "the same, as browsers send it"},
	}
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflectOf[eventView](), true, "")
	h.Responses = map[string]*huma.Response{"200": {
		Description: "Each event has its id, its topic as event, and this as data.",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: schema}},
	}}
	h.Middlewares = nil
	s.api.OpenAPI().AddOperation(&h)
	s.mux.HandleFunc(o.method+" "+Prefix+o.path, func(w http.ResponseWriter, r *http.Request) { s.follow(w, r, o) })
}

// follow sends what happens until the caller goes, or for as long as one may.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, o *operation) {
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), requestKey{}, r), streamFor)
	defer cancel()
	by, err := s.admit(ctx, o)
	var last int64
	var topics []string
	if err == nil {
		last, topics, err = s.where(ctx, r)
	}
	var leave func()
	if err == nil {
		if leave, err = s.follows.enter(by, r); err != nil {
			w.Header().Set("Retry-After", "60")
		}
	}
	if err != nil {
		s.refuse(ctx, w, o.id, err)
		return
	}
	defer leave()
	wake := make(chan struct{}, 1)
	if s.Woken != nil {
		stop, err := s.Woken(func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		if err == nil {
			defer stop()
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold it back
	st := &stream{w: w, rc: http.NewResponseController(w)}
	if st.write("retry: 2000\n\n") != nil {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for more := true; more; {
			if last, more, err = s.send(ctx, st, last, topics); err != nil {
				return // the caller comes again
			}
		}
		if time.Since(st.sent) > quiet && st.write(": still here\n\n") != nil {
			return
		}
		rest := time.After(atMost)
		select {
		case <-wake:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-rest:
		case <-ctx.Done():
			return
		}
	}
}

// where finds out what is to be followed, and from where on.
func (s *Server) where(ctx context.Context, r *http.Request) (last int64, topics []string, err error) {
	for t := range strings.SplitSeq(r.URL.Query().Get("topic"), ",") {
		if t != "" {
			topics = append(topics, t)
		}
	}
	from := r.Header.Get("Last-Event-ID")
	if from == "" {
		from = r.URL.Query().Get("after")
	}
	if from != "" {
		if last, err = strconv.ParseInt(from, 10, 64); err != nil || last < 0 {
			return 0, nil, kura.Errorf("rest.events", kura.Invalid, "%.50q is the id of no event", from)
		}
		return last, topics, nil
	}
	err = s.DB.View(ctx, func(tx *db.Tx) error {
		last, err = event.Newest(ctx, tx)
		return err
	})
	return last, topics, err
}

// send sends what is there behind an event; more says that there is more.
func (s *Server) send(ctx context.Context, st *stream, last int64, topics []string) (int64, bool, error) {
	got, err := event.Read(ctx, s.DB, last, batch)
	if err != nil {
		return last, false, err
	}
	for _, m := range got {
		last = m.ID
		if !wanted(m.Topic, topics) {
			continue
		}
		data, err := json.Marshal(eventView{m.ID, m.Topic, db.Time(m.Time), m.Body})
		if err == nil {
			err = st.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", m.ID, m.Topic, data))
		}
		if err != nil {
			return last, false, err
		}
	}
	return last, len(got) == batch, nil
}

func wanted(topic string, topics []string) bool {
	for _, t := range topics {
		if strings.HasPrefix(topic, t) {
			return true
		}
	}
	return len(topics) == 0
}

// stream is one caller that follows.
type stream struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	sent time.Time
}

func (st *stream) write(text string) error {
	_ = st.rc.SetWriteDeadline(time.Now().Add(sendIn)) // not every ResponseWriter has deadlines; the server's has
	st.sent = time.Now()
	if _, err := st.w.Write([]byte(text)); err != nil {
		return err
	}
	return st.rc.Flush()
}

// refuse answers with a problem where huma does not.
func (s *Server) refuse(ctx context.Context, w http.ResponseWriter, id string, err error) {
	p := s.problem(ctx, id, account.Anonymous, err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that has gone hears nothing
}
