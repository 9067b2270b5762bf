package flow

import "time"

// TimeText is an instant (microseconds since 1970) as Koji's hub shows it, in
// the fields *_time: an ISO text with a space, and microseconds only if there
// are any. 0 is nil.
func TimeText(micros int64) any {
	if micros == 0 {
		return nil
	}
	layout := "2006-01-02 15:04:05.000000-07:00"
	if micros%1e6 == 0 {
		layout = "2006-01-02 15:04:05-07:00"
	}
	return time.UnixMicro(micros).UTC().Format(layout)
}

// TimeTS is the same instant in the fields *_ts: seconds. 0 is nil.
func TimeTS(micros int64) any {
	if micros == 0 {
		return nil
	}
	return float64(micros) / 1e6
}
