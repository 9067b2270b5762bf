package tag

import (
	"context"
	"encoding/json"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// maxSeen is the most bytes that may be noted of an external repository.
const maxSeen = 64 << 10

// Seen is what was last noted of an external repository, as JSON; nil is nothing.
func Seen(ctx context.Context, tx *db.Tx, r ExternalRepo) ([]byte, error) {
	var text string
	found, err := tx.Get(ctx, []any{&text}, "SELECT data FROM external_repo_data WHERE external_repo_id = $1 AND revoke_event IS NULL", r.ID)
	if err != nil || !found {
		return nil, kura.E("tag.Seen", err)
	}
	return []byte(text), nil
}

// SetSeen notes what was seen of an external repository. It counts as a change
// of each tag that reads it.
func SetSeen(ctx context.Context, tx *db.Tx, by account.Actor, r ExternalRepo, data map[string]any) error {
	const op = "tag.SetSeen"
	if data == nil {
		data = map[string]any{}
	}
	text, err := json.Marshal(data)
	if err != nil {
		return kura.Errorf(op, kura.Invalid, "the data of external repository %s cannot be stored: %w", r.Name, err)
	}
	if len(text) > maxSeen {
		return kura.Errorf(op, kura.TooLarge, "the data of external repository %s has %d bytes, more than %d", r.Name, len(text), maxSeen)
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return kura.E(op, err)
	}
	// Noted twice at one event, the later is kept: what ends where it began was
	// never in force.
	if _, err := tx.Exec(ctx, "DELETE FROM external_repo_data WHERE external_repo_id = $1 AND create_event = $2 AND revoke_event IS NULL", r.ID, ev); err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "UPDATE external_repo_data SET revoke_event = $1, revoker_id = $2 WHERE external_repo_id = $3 AND revoke_event IS NULL", ev, by.ID, r.ID); err != nil {
		return kura.E(op, err)
	}
	if _, err := tx.Exec(ctx, "INSERT INTO external_repo_data (external_repo_id, data, create_event, creator_id) VALUES ($1, $2, $3, $4)", r.ID, string(text), ev, by.ID); err != nil {
		return kura.E(op, err)
	}
	return changedRepo(ctx, tx, r.ID)
}
