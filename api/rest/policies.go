package rest

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
)

// verdictOf is what a policy says.
type verdictOf struct {
	Action string `json:"action" doc:"of the rule that applies; empty: none does"`
}

func (s *Server) policies() {
	read(s, "evaluate-policy", func(ctx context.Context, c *call, in *struct {
		Policy string `path:"policy" doc:"the policy's name: tag, package_list, build_rpm"`
		Body   struct {
			Facts json.RawMessage `json:"facts,omitempty" doc:"an object: what is asked about. tag, fromtag, build, package, user_id and the like, as the tests of the policy language read them"`
		}
	}) (v verdictOf, err error) {
		about, err := facts(in.Body.Facts)
		if err != nil {
			return v, err
		}
		v.Action, err = s.Flow.Policies().Eval(ctx, c.tx, c.by, in.Policy, about)
		return v, err
	})
}

// facts reads what a policy is asked about: whole numbers are such.
func facts(text json.RawMessage) (map[string]any, error) {
	about := map[string]any{}
	if len(text) == 0 {
		return about, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&about); err != nil {
		return nil, kura.Errorf("rest.facts", kura.Invalid, "facts are an object: %w", err)
	}
	for name, v := range about {
		about[name] = whole(v)
	}
	return about, nil
}

func whole(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		n, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return n
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = whole(v[k])
		}
	}
	return v
}
