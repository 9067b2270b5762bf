package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
)

// operation is a row of the table: what may be done, where, and by whom.
type operation struct {
	id      string // verb and noun, as client libraries call it
	method  string
	path    string // below Prefix
	needs   account.Need
	tag     string
	summary string
}

func (s *Server) operation(id string) (*operation, huma.Operation) {
	for i := range table {
		o := &table[i]
		if o.id != id {
			continue
		}
		s.done[id] = true
		h := huma.Operation{
			OperationID: o.id, Method: o.method, Path: Prefix + o.path, Summary: o.summary, Tags: []string{o.tag},
			Description: "For: " + o.needs.String() + ".",
			Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
				r, _ := humago.Unwrap(ctx)
				next(huma.WithValue(ctx, requestKey{}, r))
			}},
			Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound},
		}
		if o.needs.String() != account.Anyone.String() {
			h.Security = []map[string][]string{{"token": {}}, {"certificate": {}}}
		}
		if o.method != http.MethodGet && !unkept[id] {
			h.Errors = append(h.Errors, http.StatusConflict)
			h.Parameters = []*huma.Param{{
				Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(255)},
				Description: "Repeat a request with the same key if you did not hear whether it was carried out: it is carried out once, and answered alike, for a day or until you have used 1000 other keys. An answer above 64 KiB is not kept: the request is then refused, and still carried out once.",
			}}
		}
		return o, h
	}
	panic("api/rest: no operation " + id) // the table is of this package
}

// answer is what a handler gives, as huma wants it.
type answer[O any] struct {
	Status int
	Body   O
}

// read registers who carries out an operation that changes nothing.
func read[I, O any](s *Server, id string, fn func(ctx context.Context, c *call, in *I) (O, error)) {
	o, h := s.operation(id)
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*answer[O], error) {
		by, err := s.admit(ctx, o)
		out := &answer[O]{Status: http.StatusOK}
		if err == nil {
			err = s.DB.View(ctx, func(tx *db.Tx) (err error) {
				out.Body, err = fn(ctx, &call{by: by, tx: tx}, in)
				return err
			})
		}
		if err != nil {
			return nil, s.problem(ctx, id, by, err)
		}
		return out, nil
	})
}

// write registers who carries out an operation that changes something: in one
// transaction, in which its answer is kept too if the caller may repeat it.
func write[I, O any](s *Server, id string, status int, fn func(ctx context.Context, c *call, in *I) (O, error)) {
	o, h := s.operation(id)
	h.DefaultStatus = status
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*answer[O], error) {
		by, err := s.admit(ctx, o)
		out := &answer[O]{Status: status}
		if err == nil {
			err = s.DB.Update(ctx, func(tx *db.Tx) (err error) {
				c := &call{by: by, tx: tx}
				if unkept[id] {
					out.Body, err = fn(ctx, c, in)
				} else {
					out.Body, err = once(ctx, c, in, fn)
				}
				return err
			})
		}
		if err != nil {
			return nil, s.problem(ctx, id, by, err)
		}
		return out, nil
	})
}

// apart registers who carries out an operation that moves files, or asks the
// signer, and so opens its own transactions. It must be one that does no harm
// when it is carried out twice: who repeats it while it goes on does that.
func apart[I, O any](s *Server, id string, status int, fn func(ctx context.Context, by account.Actor, in *I) (O, error), described ...func(*huma.Operation)) {
	o, h := s.operation(id)
	h.DefaultStatus = status
	for _, describe := range described {
		describe(&h)
	}
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*answer[O], error) {
		by, err := s.admit(ctx, o)
		out := &answer[O]{Status: status}
		switch {
		case err != nil:
		case unkept[id]:
			out.Body, err = fn(ctx, by, in)
		default:
			out.Body, err = repeatable(ctx, s.DB, by, in, fn)
		}
		if err != nil {
			return nil, s.problem(ctx, id, by, err)
		}
		return out, nil
	})
}

// none is the body of an answer that has nothing to tell.
type none struct{}

func reflectOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
