package bus

import (
	"context"
	"time"
)

const (
	// Prefix is what every event's subject begins with, and no signal's.
	Prefix = "event."
	// MaxData is the largest message. What is larger belongs in a blob, and
	// its sum on the bus.
	MaxData = 512 << 10
	// Window is how long an event's id is remembered at least.
	Window = time.Hour
	// Keep is how long an event waits for its consumers. The outbox holds
	// events as long, so that a wiped store gets back what it had.
	Keep = 7 * 24 * time.Hour
)

// Event is an event as a consumer gets it.
type Event struct {
	Subject  string
	ID       string
	Data     []byte
	Time     time.Time // when the bus got it
	Delivery int       // 1 at first, 2 after one failure
}

// Bus moves messages. All methods may be called from many goroutines.
//
// A subject is made of tokens joined by dots; a token has the characters
// A-Z a-z 0-9 _ -. In a filter the token * stands for any one token, and > at
// the end for one or more. A durable is one token.
//
// Errors are kura.Error: Invalid for a bad subject, filter, durable or id,
// TooLarge for data over MaxData, NoSpace for a full store, Unavailable when
// the bus is closed or out of reach, Canceled when ctx was.
type Bus interface {
	// Signal tells all hubs, this one included, without waiting for anyone.
	// It fails only if the signal could not even be sent.
	Signal(subject string, data []byte) error

	// Listen calls fn for every signal to a matching subject, one at a time
	// and in the order in which one sender sent them. Signals of this process
	// after Listen has returned are heard; those of another hub as soon as
	// word of the listener has reached it. fn keeps nothing waiting: signals
	// that pile up behind a slow fn are lost. After stop no call of fn begins,
	// but one may be under way.
	Listen(filter string, fn func(subject string, data []byte)) (stop func(), err error)

	// Publish keeps an event; on return it survives the process, and the
	// machine where the driver has a disk. The subject begins with Prefix. An
	// id that was published in the last Window is not kept twice, which is no
	// error.
	Publish(ctx context.Context, subject, id string, data []byte) error

	// Consume calls fn for every kept and coming event that matches, until ctx
	// ends, and then returns nil. The position is kept under the durable's
	// name: consuming again goes on where it stopped; several at once, on one
	// store, share the work. fn has all the time it needs. When it fails the
	// event comes again after a growing pause, and later events go on
	// meanwhile. fn's ctx ends with Consume's. A durable has one filter: the
	// latest given.
	Consume(ctx context.Context, durable, filter string, fn func(context.Context, Event) error) error

	// Store names the store of events that Publish fills. Hubs that give the
	// same name share it, and share one mark in the outbox.
	Store() string

	// Fresh reports whether the store held nothing when it was opened, and so
	// must be filled from the outbox's beginning.
	Fresh() bool

	// Healthy reports whether messages can be sent and kept now. Other hubs
	// being away is no illness.
	Healthy(ctx context.Context) error

	// Close ends all listening and consuming. Further calls are Unavailable.
	Close() error
}

// Pause is how long a failed event rests after its n-th delivery: seconds at
// first, for what mends itself, an hour at last, for what people must mend.
func Pause(n int) time.Duration {
	steps := [...]time.Duration{
		time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour,
	}
	return steps[min(max(n, 1), len(steps))-1]
}
