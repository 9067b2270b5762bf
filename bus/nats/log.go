package nats

import (
	"fmt"
	"log/slog"
)

// serverLog brings an embedded server's words into our log. Its notices are
// our details.
type serverLog struct {
	log   *slog.Logger
	fatal chan string // the first reason why it cannot go on
}

func (l *serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l *serverLog) Debugf(format string, v ...any)  { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Tracef(format string, v ...any)  {}

// Fatalf must not end the process: the hub decides what it does without a bus.
func (l *serverLog) Fatalf(format string, v ...any) {
	why := fmt.Sprintf(format, v...)
	l.log.Error(why)
	select {
	case l.fatal <- why:
	default:
	}
}
