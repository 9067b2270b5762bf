package db

import "context"

// A context in which questions are watched holds this.
type watching struct{}

// Watched gives a context in which each question that is asked of the database is
// shown to see first, with its arguments: for tests that look at how questions are
// answered. It is called by whoever asks, so by many at once if they are.
func Watched(ctx context.Context, see func(q string, args []any)) context.Context {
	return context.WithValue(ctx, watching{}, see)
}

func watch(ctx context.Context, q string, args []any) {
	if see, _ := ctx.Value(watching{}).(func(string, []any)); see != nil {
		see(q, args)
	}
}
