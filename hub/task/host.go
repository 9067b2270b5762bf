package task

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/db"
	"github.com/kura-build/kura/hub/account"
	"github.com/kura-build/kura/hub/event"
)

// Host is a machine that takes tasks, with its configuration at some event.
type Host struct {
	ID          int64
	UserID      int64
	Name        string
	UpdateTime  *int64 // when it last called
	Ready       bool
	TaskLoad    float64
	Arches      *string // separated by spaces
	Capacity    float64
	Description *string
	Comment     *string
	Enabled     bool
	Data        json.RawMessage // as it last said; nil for never
}

const hostColumns = `host.id, host.user_id, host.name, host.update_time, host.ready, host.task_load, hc.arches,
	hc.capacity, hc.description, hc.comment, hc.enabled, host.data`

func scanHost(s db.Scanner) (*Host, error) {
	h := &Host{}
	var data *string
	err := s.Scan(&h.ID, &h.UserID, &h.Name, &h.UpdateTime, &h.Ready, &h.TaskLoad, &h.Arches,
		&h.Capacity, &h.Description, &h.Comment, &h.Enabled, &data)
	if data != nil {
		h.Data = json.RawMessage(*data)
	}
	return h, err
}

// ArchList gives the host's arches.
func (h *Host) ArchList() []string {
	if h.Arches == nil {
		return nil
	}
	return strings.Fields(*h.Arches)
}

// GetHost gives a host as it was configured at an event; 0 is now.
func GetHost(ctx context.Context, tx *db.Tx, ref Ref, at int64) (*Host, error) {
	var b db.Builder
	b.Add("SELECT " + hostColumns + " FROM host JOIN host_config hc ON hc.host_id = host.id WHERE")
	if ref.ID != 0 || ref.Name == "" {
		b.Add(" host.id = ?", ref.ID)
	} else {
		b.Add(" host.name = ?", ref.Name)
	}
	b.At("hc", at)
	got, err := db.Find(ctx, tx, scanHost, &b)
	if err != nil {
		return nil, kura.E("task.GetHost", err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf("task.GetHost", kura.NotFound, "No such host: %v", ref.value())
	}
	return got[0], nil
}

// HostOfUser gives the host that a user is.
func HostOfUser(ctx context.Context, tx *db.Tx, user int64) (*Host, error) {
	got, err := db.All(ctx, tx, scanHost, "SELECT "+hostColumns+` FROM host JOIN host_config hc ON hc.host_id = host.id
		WHERE host.user_id = $1 AND hc.revoke_event IS NULL`, user)
	if err != nil {
		return nil, kura.E("task.HostOfUser", err)
	}
	if len(got) == 0 {
		return nil, kura.Errorf("task.HostOfUser", kura.Unauthenticated, "User %d is not a host", user)
	}
	return got[0], nil
}

// HostFilter narrows ListHosts; what is zero does not.
type HostFilter struct {
	Arches  []string // any of them; nil: all hosts
	Channel *Ref
	Ready   *bool
	Enabled *bool
	User    *Ref
}

// ListHosts gives hosts by id.
func ListHosts(ctx context.Context, tx *db.Tx, f HostFilter) ([]*Host, error) {
	const op = "task.ListHosts"
	var b db.Builder
	b.Add("SELECT " + hostColumns + ` FROM host JOIN host_config hc ON hc.host_id = host.id
		WHERE hc.revoke_event IS NULL`)
	if f.Channel != nil {
		c, err := GetChannel(ctx, tx, *f.Channel)
		if err != nil {
			return nil, kura.E(op, err)
		}
		b.Add(` AND host.id IN (SELECT ch.host_id FROM host_channels ch
			WHERE ch.channel_id = ? AND ch.revoke_event IS NULL)`, c.ID)
	}
	if f.Ready != nil {
		b.Add(" AND host.ready = ?", *f.Ready)
	}
	if f.Enabled != nil {
		b.Add(" AND hc.enabled = ?", *f.Enabled)
	}
	if f.User != nil && f.User.ID != 0 {
		b.Add(" AND host.user_id = ?", f.User.ID)
	} else if f.User != nil {
		b.Add(" AND host.user_id IN (SELECT id FROM users WHERE name = ?)", f.User.Name)
	}
	b.Add(" ORDER BY host.id")
	got, err := db.Find(ctx, tx, scanHost, &b)
	if err != nil {
		return nil, kura.E(op, err)
	}
	if f.Arches == nil {
		return got, nil
	}
	return slices.DeleteFunc(got, func(h *Host) bool {
		return !slices.ContainsFunc(h.ArchList(), func(a string) bool { return slices.Contains(f.Arches, a) })
	}), nil
}

// AllArches gives every arch that some host has.
func AllArches(ctx context.Context, tx *db.Tx) ([]string, error) {
	lists, err := db.All(ctx, tx, db.Column[string],
		"SELECT DISTINCT arches FROM host_config WHERE revoke_event IS NULL AND arches IS NOT NULL")
	if err != nil {
		return nil, kura.E("task.AllArches", err)
	}
	var out []string
	for _, l := range lists {
		out = append(out, strings.Fields(l)...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// LastUpdate tells when a host last called; 0 for never.
func LastUpdate(ctx context.Context, tx *db.Tx, host int64) (int64, error) {
	var t *int64
	_, err := tx.Get(ctx, []any{&t}, "SELECT update_time FROM host WHERE id = $1", host)
	if err != nil || t == nil {
		return 0, kura.E("task.LastUpdate", err)
	}
	return *t, nil
}

var (
	hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]*$`)
	archName = regexp.MustCompile(`^[a-zA-Z0-9_+-]+$`)
)

func checkArches(op string, arches []string) (string, error) {
	arches = strings.Fields(strings.Join(arches, " ")) // clients give several in one word
	for _, a := range arches {
		if !archName.MatchString(a) {
			return "", kura.Errorf(op, kura.Invalid, "%q is not the name of an architecture", a)
		}
	}
	return strings.Join(arches, " "), nil
}

// AddHost makes a host in the channel "default", with its user.
func (r *Room) AddHost(ctx context.Context, tx *db.Tx, by account.Actor, name string, arches []string) (int64, error) {
	const op = "task.AddHost"
	if len(name) > 255 || !hostName.MatchString(name) {
		return 0, kura.Errorf(op, kura.Invalid, "host name %q: use the host's DNS name", name)
	}
	list, err := checkArches(op, arches)
	if err != nil {
		return 0, err
	}
	if _, err := GetHost(ctx, tx, Ref{Name: name}, 0); err == nil {
		return 0, kura.Errorf(op, kura.Exists, "host already exists: %s", name)
	} else if !kura.Is(err, kura.NotFound) {
		return 0, err
	}
	def, err := GetChannel(ctx, tx, Ref{Name: "default"})
	if err != nil {
		return 0, kura.E(op, err)
	}
	user, err := hostUser(ctx, tx, name)
	if err != nil {
		return 0, kura.E(op, err)
	}
	id, err := tx.Insert(ctx, "INSERT INTO host (user_id, name) VALUES ($1, $2) RETURNING id", user, name)
	if err != nil {
		return 0, kura.E(op, err)
	}
	h := &Host{ID: id, Name: name, Arches: &list, Capacity: 2, Enabled: true}
	if err := writeConfig(ctx, tx, by, h); err != nil {
		return 0, kura.E(op, err)
	}
	return id, r.join(ctx, tx, by, h, def)
}

// NewHost is a host to be made, with what a Koji installation has beside it.
type NewHost struct {
	Name      string
	Arches    []string
	Principal string // of Kerberos; empty: none
	// Adopt makes a person of the host's name its user: a builder may have
	// logged in before anybody added it.
	Adopt bool
}

// Enrol makes a host with its user and its principal.
func (r *Room) Enrol(ctx context.Context, tx *db.Tx, by account.Actor, n NewHost) (int64, error) {
	if n.Adopt {
		u, err := account.Get(ctx, tx, account.ByName(n.Name))
		if err == nil && u.Type == account.Person {
			err = account.MakeHost(ctx, tx, u.ID)
		}
		if err != nil && !kura.Is(err, kura.NotFound) {
			return 0, err
		}
	}
	id, err := r.AddHost(ctx, tx, by, n.Name, n.Arches)
	if err != nil || n.Principal == "" {
		return id, err
	}
	h, err := GetHost(ctx, tx, Ref{ID: id}, 0)
	if err != nil {
		return 0, kura.E("task.Enrol", err)
	}
	return id, account.AddPrincipal(ctx, tx, h.UserID, n.Principal)
}

// hostUser gives the user that a host logs in as; one that has tried before it
// was added is there already.
func hostUser(ctx context.Context, tx *db.Tx, name string) (int64, error) {
	u, err := account.Get(ctx, tx, account.ByName(name))
	if kura.Is(err, kura.NotFound) {
		u, err = account.Create(ctx, tx, name, account.Host)
	}
	if err != nil {
		return 0, err
	}
	if u.Type != account.Host {
		return 0, kura.Errorf("task.AddHost", kura.Exists, "user %s already exists and it is not a host", name)
	}
	return u.ID, nil
}

// writeConfig revokes the host's configuration and writes the new one.
func writeConfig(ctx context.Context, tx *db.Tx, by account.Actor, h *Host) error {
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE host_config SET revoke_event = $2, revoker_id = $3
		WHERE host_id = $1 AND revoke_event IS NULL`, h.ID, ev, by.ID); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO host_config (host_id, arches, capacity, description, comment, enabled,
		create_event, creator_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		h.ID, h.Arches, h.Capacity, h.Description, h.Comment, h.Enabled, ev, by.ID)
	return err
}

// HostEdit holds what is to be changed; nil stays.
type HostEdit struct {
	Arches      *string
	Capacity    *float64
	Description *string
	Comment     *string
	Enabled     *bool
}

// EditHost changes a host's configuration and says whether anything changed.
func (r *Room) EditHost(ctx context.Context, tx *db.Tx, by account.Actor, ref Ref, e HostEdit) (bool, error) {
	const op = "task.EditHost"
	h, err := GetHost(ctx, tx, ref, 0)
	if err != nil {
		return false, kura.E(op, err)
	}
	old := *h
	if e.Arches != nil {
		list, err := checkArches(op, strings.FieldsFunc(*e.Arches, func(c rune) bool { return c == ' ' || c == ',' }))
		if err != nil {
			return false, err
		}
		h.Arches = &list
	}
	if e.Capacity != nil {
		if !(*e.Capacity >= 0 && *e.Capacity < 1e9) {
			return false, kura.Errorf(op, kura.Invalid, "capacity %v of host %s: give a number from 0", *e.Capacity, h.Name)
		}
		h.Capacity = *e.Capacity
	}
	if e.Description != nil {
		h.Description = e.Description
	}
	if e.Comment != nil {
		h.Comment = e.Comment
	}
	if e.Enabled != nil {
		h.Enabled = *e.Enabled
	}
	if same(old.Arches, h.Arches) && old.Capacity == h.Capacity && same(old.Description, h.Description) &&
		same(old.Comment, h.Comment) && old.Enabled == h.Enabled {
		return false, nil
	}
	if err := writeConfig(ctx, tx, by, h); err != nil {
		return false, kura.E(op, err)
	}
	r.signal(tx, TopicFree)
	return true, nil
}

// Join puts a host into a channel. With create the channel is made when it
// does not exist; with force a disabled channel will do.
func (r *Room) Join(ctx context.Context, tx *db.Tx, by account.Actor, host, channel Ref, create, force bool) error {
	const op = "task.Join"
	h, err := GetHost(ctx, tx, host, 0)
	if err != nil {
		return kura.E(op, err)
	}
	c, err := GetChannel(ctx, tx, channel)
	if kura.Is(err, kura.NotFound) && create && channel.Name != "" {
		if _, err = r.AddChannel(ctx, tx, channel.Name, nil); err == nil {
			c, err = GetChannel(ctx, tx, channel)
		}
	}
	if err != nil {
		return kura.E(op, err)
	}
	if !c.Enabled && !force {
		return kura.Errorf(op, kura.Conflict, "channel %s is disabled", c.Name)
	}
	return r.join(ctx, tx, by, h, c)
}

func (r *Room) join(ctx context.Context, tx *db.Tx, by account.Actor, h *Host, c *Channel) error {
	const op = "task.Join"
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return kura.E(op, err)
	}
	n, err := tx.Exec(ctx, `INSERT INTO host_channels (host_id, channel_id, create_event, creator_id)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, h.ID, c.ID, ev, by.ID)
	if err != nil {
		return kura.E(op, err)
	}
	if n == 0 {
		return kura.Errorf(op, kura.Exists, "host %s is already subscribed to the %s channel", h.Name, c.Name)
	}
	r.signal(tx, TopicFree)
	return nil
}

// Leave takes a host out of a channel.
func (r *Room) Leave(ctx context.Context, tx *db.Tx, by account.Actor, host, channel Ref) error {
	const op = "task.Leave"
	h, err := GetHost(ctx, tx, host, 0)
	if err != nil {
		return kura.E(op, err)
	}
	c, err := GetChannel(ctx, tx, channel)
	if err != nil {
		return kura.E(op, err)
	}
	ev, err := event.Now(ctx, tx)
	if err != nil {
		return kura.E(op, err)
	}
	n, err := tx.Exec(ctx, `UPDATE host_channels SET revoke_event = $3, revoker_id = $4
		WHERE host_id = $1 AND channel_id = $2 AND revoke_event IS NULL`, h.ID, c.ID, ev, by.ID)
	if err != nil {
		return kura.E(op, err)
	}
	if n == 0 {
		return kura.Errorf(op, kura.NotFound, "host %s is not subscribed to the %s channel", h.Name, c.Name)
	}
	return nil
}
