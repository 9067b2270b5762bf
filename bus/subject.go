package bus

import (
	"strings"

	"github.com/kura-build/kura"
)

// maxSubject bounds what a driver has to carry and to compare.
const maxSubject = 255

// CheckSignal tells whether a signal may be sent. All drivers begin with it.
func CheckSignal(op, subject string, data []byte) error {
	if err := checkTokens(op, subject, false); err != nil {
		return err
	}
	if isEvent(subject) {
		return kura.Errorf(op, kura.Invalid, "%q is the subject of an event: publish it, a signal would be forgotten", subject)
	}
	return checkSize(op, subject, data)
}

// CheckEvent tells whether an event may be published.
func CheckEvent(op, subject, id string, data []byte) error {
	if err := checkTokens(op, subject, false); err != nil {
		return err
	}
	if !isEvent(subject) {
		return kura.Errorf(op, kura.Invalid, "%q is no subject of an event: it must begin with %q", subject, Prefix)
	}
	if id == "" || len(id) > maxSubject || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return kura.Errorf(op, kura.Invalid, "event %s has the id %q: it needs 1 to %d printable characters, by which it is known again",
			subject, id, maxSubject)
	}
	return checkSize(op, subject, data)
}

// CheckListen tells whether signals can be listened to by a filter.
func CheckListen(op, filter string) error {
	if err := checkTokens(op, filter, true); err != nil {
		return err
	}
	if isEvent(filter) || filter == ">" || strings.HasPrefix(filter, "*") {
		return kura.Errorf(op, kura.Invalid, "filter %q would take in events: begin it with a signal's own first token", filter)
	}
	return nil
}

// CheckConsume tells whether a durable can consume by a filter.
func CheckConsume(op, durable, filter string) error {
	if !isToken(durable) || len(durable) > 64 {
		return kura.Errorf(op, kura.Invalid, "durable %q must have 1 to 64 characters out of A-Z a-z 0-9 _ -", durable)
	}
	if err := checkTokens(op, filter, true); err != nil {
		return err
	}
	if !isEvent(filter) {
		return kura.Errorf(op, kura.Invalid, "filter %q matches no events: begin it with %q", filter, Prefix)
	}
	return nil
}

// Match reports whether a subject matches a filter.
func Match(filter, subject string) bool {
	for {
		f, frest, fmore := strings.Cut(filter, ".")
		if f == ">" && !fmore {
			return true
		}
		s, srest, smore := strings.Cut(subject, ".")
		if f != "*" && f != s {
			return false
		}
		if !fmore || !smore {
			return fmore == smore
		}
		filter, subject = frest, srest
	}
}

func isEvent(subject string) bool {
	return strings.HasPrefix(subject, Prefix) || subject+"." == Prefix
}

func checkTokens(op, subject string, wild bool) error {
	what := "subject"
	if wild {
		what = "filter"
	}
	if len(subject) > maxSubject {
		return kura.Errorf(op, kura.Invalid, "%s %.40q… is longer than %d bytes", what, subject, maxSubject)
	}
	if strings.HasPrefix(subject, "_") {
		return kura.Errorf(op, kura.Invalid, "%s %q begins with _, which the bus uses itself", what, subject)
	}
	rest, more := subject, true
	for more {
		var token string
		token, rest, more = strings.Cut(rest, ".")
		if wild && (token == "*" || token == ">" && !more) {
			continue
		}
		if !isToken(token) {
			return kura.Errorf(op, kura.Invalid, "%s %q is not made of tokens of A-Z a-z 0-9 _ - joined by dots", what, subject)
		}
	}
	return nil
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return s != ""
}

func checkSize(op, subject string, data []byte) error {
	if len(data) > MaxData {
		return kura.Errorf(op, kura.TooLarge, "a message of %d bytes to %s is over the limit of %d: store the content and send its sum",
			len(data), subject, MaxData)
	}
	return nil
}
