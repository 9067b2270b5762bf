package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/protocol"
)

// statuses is this way in's table from kind to status.
var statuses = map[kura.Kind]int{
	kura.Invalid:         http.StatusBadRequest,
	kura.NotFound:        http.StatusNotFound,
	kura.Exists:          http.StatusConflict,
	kura.Denied:          http.StatusForbidden,
	kura.Unauthenticated: http.StatusUnauthorized,
	kura.Expired:         http.StatusUnauthorized,
	kura.Conflict:        http.StatusConflict,
	kura.Tag:             http.StatusConflict,
	kura.Build:           http.StatusConflict,
	kura.Import:          http.StatusUnprocessableEntity,
	kura.Fenced:          http.StatusConflict,
	kura.Locked:          http.StatusServiceUnavailable,
	kura.TooLarge:        http.StatusRequestEntityTooLarge,
	kura.NoSpace:         http.StatusInsufficientStorage,
	kura.Unavailable:     http.StatusServiceUnavailable,
	kura.Canceled:        http.StatusServiceUnavailable,
}

// kindOf is the kind of an error, also of those that reading a body gives.
func kindOf(err error) kura.Kind {
	var large *http.MaxBytesError
	switch kind := kura.KindOf(err); {
	case errors.As(err, &large):
		return kura.TooLarge
	case kind != kura.Other:
		return kind
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		return kura.Canceled
	}
	return kura.Other
}

// problem answers with what went wrong. Of our own faults the host learns only
// that they are ours.
func (s *Server) problem(c *call, name string, err error) {
	kind := kindOf(err)
	status, ok := statuses[kind]
	message := err.Error()
	if !ok {
		status, message = http.StatusInternalServerError, "the hub failed to do this; its log says why"
		s.Log.Error("call of a worker", "call", name, "host", c.name, "path", c.URL.Path, "err", err, "ops", kura.Trace(err))
	} else if kind == kura.NoSpace || kind == kura.Unavailable {
		// The host tries again for as long as it takes: somebody must hear of it.
		s.Log.Warn("call of a worker", "call", name, "host", c.name, "path", c.URL.Path, "err", err)
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_ = json.NewEncoder(c.w).Encode(protocol.Problem{Kind: kind.String(), Message: message}) // a worker that has gone hears nothing
}

// read decodes a body that is one JSON value with known members only.
func read(c *call, limit int64, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.Body, limit))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, e := d.Token(); e != io.EOF {
			err = errors.New("there is more behind its end")
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return kura.Errorf("worker.read", kura.TooLarge, "the request is larger than %d bytes", limit)
	}
	if err != nil {
		return &kura.Error{Op: "worker.read", Kind: kura.Invalid, Err: fmt.Errorf("the request's body is not as expected: %w", err)}
	}
	return nil
}
