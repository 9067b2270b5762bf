package account

import (
	"context"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// SessionInfo is what is known of a session, but for its key.
type SessionInfo struct {
	ID, User  int64
	Master    *int64
	Authtype  int
	Callnum   *int64
	Start     int64
	Update    int64
	Renew     *int64
	Exclusive bool
	Expired   bool
	IP        string
}

// ListSessions gives a user's sessions that are neither closed nor marked as
// expired, by id.
func ListSessions(ctx context.Context, tx *db.Tx, user int64) ([]SessionInfo, error) {
	got, err := db.All(ctx, tx, func(s db.Scanner) (i SessionInfo, err error) {
		return i, s.Scan(&i.ID, &i.User, &i.Master, &i.Authtype, &i.Callnum, &i.Start, &i.Update, &i.Renew, &i.Exclusive, &i.Expired, &i.IP)
	}, `SELECT id, user_id, master_id, authtype, callnum, start_time, update_time, renew_time, exclusive, expired, hostip
		FROM sessions WHERE user_id = $1 AND NOT closed AND NOT expired ORDER BY id`, user)
	return got, kura.E("account.ListSessions", err)
}
