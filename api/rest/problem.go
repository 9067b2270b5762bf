package rest

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/account"
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
	kura.Sequence:        http.StatusConflict,
	kura.Retry:           http.StatusConflict,
	kura.Locked:          http.StatusConflict,
	kura.TooLarge:        http.StatusRequestEntityTooLarge,
	kura.NoSpace:         http.StatusInsufficientStorage,
	kura.Unavailable:     http.StatusServiceUnavailable,
	kura.Canceled:        http.StatusServiceUnavailable,
}

// problem is what the caller is told went wrong. Of our own faults that is only
// that they are ours: their texts hold paths and SQL.
func (s *Server) problem(ctx context.Context, id string, by account.Actor, err error) *huma.ErrorModel {
	kind := kura.KindOf(err)
	if kind == kura.Other && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		kind = kura.Canceled
	}
	status, ok := statuses[kind]
	if status == http.StatusUnauthorized && by.LoggedIn() {
		status = http.StatusForbidden // Koji says so to those whom it knows, too
	}
	detail := err.Error()
	if !ok {
		status, detail = http.StatusInternalServerError, "the hub failed to do this; its log says why"
		s.Log.ErrorContext(ctx, "call of the interface", "operation", id, "err", err, "ops", kura.Trace(err))
	}
	return &huma.ErrorModel{
		Type: "urn:kura:problem:" + urn(kind), Title: http.StatusText(status), Status: status, Detail: detail,
	}
}

// urn is a kind's name as a part of a URN.
func urn(k kura.Kind) string {
	b := []byte(k.String())
	for i := range b {
		if b[i] == ' ' {
			b[i] = '-'
		}
	}
	return string(b)
}
