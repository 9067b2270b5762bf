package flow

import "time"

// TimeText is an instant (microseconds since 1970) as Koji's hub shows it, in
// the fields *_time: see WriteTime. 0 is nil.
func TimeText(micros int64) any {
	if micros == 0 {
		return nil
	}
	return WriteTime(micros)
}

// WriteTime is an instant in an ISO text with a space, and microseconds only if
// there are any. Lists hold it by the ten thousand, and time.Format takes its
// layout apart each time.
func WriteTime(micros int64) string {
	t := time.UnixMicro(micros).UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		layout := "2006-01-02 15:04:05.000000-07:00"
		if micros%1e6 == 0 {
			layout = "2006-01-02 15:04:05-07:00"
		}
		return t.Format(layout)
	}
	hour, minute, second := t.Clock()
	var b [32]byte
	digits(b[0:4], year)
	digits(b[5:7], int(month))
	digits(b[8:10], day)
	digits(b[11:13], hour)
	digits(b[14:16], minute)
	digits(b[17:19], second)
	b[4], b[7], b[10], b[13], b[16] = '-', '-', ' ', ':', ':'
	end := b[:19]
	if part := t.Nanosecond() / 1000; part != 0 {
		b[19] = '.'
		digits(b[20:26], part)
		end = b[:26]
	}
	return string(append(end, "+00:00"...))
}

// digits writes a number as long as there is room.
func digits(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// TimeTS is the same instant in the fields *_ts: seconds. 0 is nil.
func TimeTS(micros int64) any {
	if micros == 0 {
		return nil
	}
	return float64(micros) / 1e6
}
