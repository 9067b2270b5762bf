package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/build"
	"github.com/kura-build/kura/hub/tag"
)

// Letter is mail to one address. Its headers are those that Koji's users sort
// their mail by.
type Letter struct {
	ID      int64
	To      string
	Subject string
	Headers map[string]string
	Text    string
	Time    time.Time
	Tries   int // with this one
}

// built writes of a build that has ended.
func (r *Rules) built(ctx context.Context, tx *db.Tx, b *build.Build, state string, to *int64) error {
	good := state == build.Complete.String()
	rcpts, err := r.recipients(ctx, tx, b, to, good)
	if err != nil || len(rcpts) == 0 {
		return err
	}
	l := r.about(b, map[string]string{"X-Koji-Builder": b.OwnerName, "X-Koji-Status": strings.ToLower(state)})
	where, err := names(ctx, tx, to)
	if err != nil {
		return err
	}
	if where != "" {
		l.Headers["X-Koji-Tag"] = where
		where = " for " + where
	}
	said := map[string]string{build.Complete.String(): "built", build.Failed.String(): "failed to build", build.Canceled.String(): "canceled"}[state]
	l.Subject = fmt.Sprintf("%s: %s%s", b.NVR(), said, where)
	l.Text = fmt.Sprintf("%s\n\nOwner:   %s\nStarted: %s\nEnded:   %s\n", l.Subject, b.OwnerName, clock(b.StartTime), clock(b.CompletionTime))
	if b.TaskID != nil {
		l.Text += fmt.Sprintf("Task:    %s/koji/taskinfo?taskID=%d\n", r.Web, *b.TaskID)
	}
	l.Text += r.link(b)
	return post(ctx, tx, l, rcpts)
}

// tagged writes of a build that came into a tag or out of one, or could not.
func (r *Rules) tagged(ctx context.Context, tx *db.Tx, b *build.Build, t Tagging) error {
	var rcpts []string
	for _, id := range []*int64{t.Tag, t.From} {
		if id == nil {
			continue
		}
		more, err := r.recipients(ctx, tx, b, id, t.Failure == "")
		if err != nil {
			return err
		}
		for _, m := range more {
			if !strings.Contains(" "+strings.Join(rcpts, " ")+" ", " "+m+" ") {
				rcpts = append(rcpts, m)
			}
		}
	}
	if len(rcpts) == 0 {
		return nil
	}
	to, err := names(ctx, tx, t.Tag)
	if err != nil {
		return err
	}
	from, err := names(ctx, tx, t.From)
	if err != nil {
		return err
	}
	l := r.about(b, map[string]string{"X-Koji-User": t.By})
	status, what := "untagged", "untagged from "+from
	switch {
	case to != "" && from != "":
		status, what = "moved", "moved from "+from+" to "+to
	case to != "":
		status, what = "tagged", "tagged with "+to
	}
	l.Headers["X-Koji-Tag"], l.Headers["X-Koji-Status"] = to, status
	if to == "" {
		l.Headers["X-Koji-Tag"] = from
	}
	if t.Failure != "" {
		l.Headers["X-Koji-Status"] = "failed"
		what = "could not be " + what
	}
	l.Subject = b.NVR() + ": " + what + " by " + t.By
	l.Text = l.Subject + "\n\n"
	if t.Failure != "" {
		l.Text += "Why:     " + t.Failure + "\n"
	}
	l.Text += r.link(b)
	return post(ctx, tx, l, rcpts)
}

func (r *Rules) about(b *build.Build, headers map[string]string) Letter {
	headers["X-Koji-Package"], headers["X-Koji-NVR"], headers["X-Koji-Draft"] = b.Name, b.NVR(), fmt.Sprint(b.Draft)
	return Letter{Headers: headers}
}

func (r *Rules) link(b *build.Build) string {
	return fmt.Sprintf("Build:   %s/koji/buildinfo?buildID=%d\n\nYou asked to hear of this, or it is yours: koji list-notifications --mine\n", r.Web, b.ID)
}

// names gives the name of a tag, if there is one.
func names(ctx context.Context, tx *db.Tx, id *int64) (string, error) {
	if id == nil {
		return "", nil
	}
	n, err := tag.Lookup(ctx, tx, tag.ByID(*id))
	return n.Name, err
}

func clock(us *int64) string {
	if us == nil {
		return "-"
	}
	return db.Time(*us).UTC().Format("2006-01-02 15:04:05 UTC")
}

// post puts a letter to each address among those that wait to be sent.
func post(ctx context.Context, tx *db.Tx, l Letter, to []string) error {
	headers, err := json.Marshal(l.Headers)
	if err != nil {
		return err
	}
	now := db.Now()
	for _, a := range to {
		_, err := tx.Exec(ctx, "INSERT INTO mail (rcpt, subject, headers, body, time, due) VALUES ($1, $2, $3, $4, $5, $5)", a, l.Subject, string(headers), l.Text, now)
		if err != nil {
			return kura.E("notify.post", err)
		}
	}
	return nil
}
