package task

import (
	"context"
	"regexp"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
)

// Ref names an object by its id, or by its name when ID is 0.
type Ref struct {
	ID   int64
	Name string
}

func (r Ref) value() any {
	if r.ID != 0 || r.Name == "" {
		return r.ID
	}
	return r.Name
}

// Channel is a lane of tasks that some hosts serve.
type Channel struct {
	ID          int64
	Name        string
	Description *string
	Enabled     bool
	Comment     *string
}

const channelColumns = "channels.id, channels.name, channels.description, channels.enabled, channels.comment"

func scanChannel(s db.Scanner) (*Channel, error) {
	c := &Channel{}
	return c, s.Scan(&c.ID, &c.Name, &c.Description, &c.Enabled, &c.Comment)
}

var internalName = regexp.MustCompile(`^[A-Za-z0-9/_.+-]+$`)

func checkName(op, what, name string) error {
	if len(name) > 256 || !internalName.MatchString(name) {
		return kura.Errorf(op, kura.Invalid, "%s name %q: use 1 to 256 of the letters, digits and / _ . + -", what, name)
	}
	return nil
}

// GetChannel gives a channel.
func GetChannel(ctx context.Context, tx *db.Tx, ref Ref) (*Channel, error) {
	var b db.Builder
	b.Add("SELECT " + channelColumns + " FROM channels WHERE")
	if ref.ID != 0 || ref.Name == "" {
		b.Add(" id = ?", ref.ID)
	} else {
		b.Add(" name = ?", ref.Name)
	}
	got, err := db.Find(ctx, tx, scanChannel, &b)
	if err != nil {
		return nil, kura.E("task.GetChannel", err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf("task.GetChannel", kura.NotFound, "No such channel: %v", ref.value())
	}
	return got[0], nil
}

// ListChannels gives all channels, or those of a host (at an event), enabled
// or not when that is asked.
func ListChannels(ctx context.Context, tx *db.Tx, host, at int64, enabled *bool) ([]*Channel, error) {
	var b db.Builder
	b.Add("SELECT " + channelColumns + " FROM channels")
	if host != 0 {
		b.Add(" JOIN host_channels hc ON hc.channel_id = channels.id WHERE hc.host_id = ?", host).At("hc", at)
	} else {
		b.Add(" WHERE 1 = 1")
	}
	if enabled != nil {
		b.Add(" AND channels.enabled = ?", *enabled)
	}
	b.Add(" ORDER BY channels.id")
	got, err := db.Find(ctx, tx, scanChannel, &b)
	return got, kura.E("task.ListChannels", err)
}

// AddChannel makes a channel.
func (r *Room) AddChannel(ctx context.Context, tx *db.Tx, name string, description *string) (int64, error) {
	const op = "task.AddChannel"
	if err := checkName(op, "channel", name); err != nil {
		return 0, err
	}
	if c, err := GetChannel(ctx, tx, Ref{Name: name}); err == nil {
		return 0, kura.Errorf(op, kura.Exists, "channel %s already exists (id=%d)", name, c.ID)
	} else if !kura.Is(err, kura.NotFound) {
		return 0, err
	}
	id, err := tx.Insert(ctx, "INSERT INTO channels (name, description) VALUES ($1, $2) RETURNING id", name, description)
	return id, kura.E(op, err)
}

// ChannelEdit holds what is to be changed; nil stays.
type ChannelEdit struct {
	Name        *string
	Description *string
	Comment     *string
	Enabled     *bool
}

// EditChannel changes a channel and says whether anything was changed.
func (r *Room) EditChannel(ctx context.Context, tx *db.Tx, ref Ref, e ChannelEdit) (bool, error) {
	const op = "task.EditChannel"
	c, err := GetChannel(ctx, tx, ref)
	if err != nil {
		return false, kura.E(op, err)
	}
	old := *c
	if e.Name != nil && *e.Name != c.Name {
		if err := checkName(op, "channel", *e.Name); err != nil {
			return false, err
		}
		if dup, err := GetChannel(ctx, tx, Ref{Name: *e.Name}); err == nil {
			return false, kura.Errorf(op, kura.Exists, "channel %s already exists (id=%d)", dup.Name, dup.ID)
		}
		c.Name = *e.Name
	}
	if e.Description != nil {
		c.Description = e.Description
	}
	if e.Comment != nil {
		c.Comment = e.Comment
	}
	if e.Enabled != nil {
		c.Enabled = *e.Enabled
	}
	if old.Name == c.Name && old.Enabled == c.Enabled && same(old.Description, c.Description) && same(old.Comment, c.Comment) {
		return false, nil
	}
	_, err = tx.Exec(ctx, "UPDATE channels SET name = $2, description = $3, comment = $4, enabled = $5 WHERE id = $1",
		c.ID, c.Name, c.Description, c.Comment, c.Enabled)
	r.signal(tx, TopicFree)
	return true, kura.E(op, err)
}

func same[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
