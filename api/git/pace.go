package git

import (
	"io"
	"net/http"
	"time"
)

// pace is how long a client may take for the next piece of what it sends or
// takes. It bounds no whole: a large clone over a slow line may last.
const pace = time.Minute

// paced gives a request and its answer a bound on standing still.
func paced(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request) {
	rc := http.NewResponseController(w)
	r.Body = &pacedBody{ReadCloser: r.Body, rc: rc, pace: pace}
	return &pacedWriter{ResponseWriter: w, rc: rc}, r
}

type pacedBody struct {
	io.ReadCloser
	rc   *http.ResponseController
	pace time.Duration
}

func (b *pacedBody) Read(p []byte) (int, error) {
	_ = b.rc.SetReadDeadline(time.Now().Add(b.pace)) // not every connection has deadlines; the servers' have
	n, err := b.ReadCloser.Read(p)
	if err != nil { // git may think for long before it answers
		_ = b.rc.SetReadDeadline(time.Time{})
	}
	return n, err
}

type pacedWriter struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	_ = w.rc.SetWriteDeadline(time.Now().Add(pace))
	return w.ResponseWriter.Write(p)
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
