package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kura-build/kura/hub/task"
)

// hostView is a build host as callers see it.
type hostView struct {
	ID          int64      `json:"id"`
	Name        string     `json:"name"`
	Arches      []string   `json:"arches"`
	Enabled     bool       `json:"enabled"`
	Ready       bool       `json:"ready"`
	Capacity    float64    `json:"capacity"`
	Load        float64    `json:"load"`
	LastUpdate  *time.Time `json:"last_update,omitempty" doc:"when it last called"`
	Description *string    `json:"description,omitempty"`
	Comment     *string    `json:"comment,omitempty"`
}

func viewHost(h *task.Host) hostView {
	return hostView{h.ID, h.Name, h.ArchList(), h.Enabled, h.Ready, h.Capacity, h.TaskLoad, when(h.UpdateTime), h.Description, h.Comment}
}

// InHost names a build host in a path.
type InHost struct {
	Host string `path:"host" doc:"the host's name"`
}

func (s *Server) hosts() {
	read(s, "list-hosts", func(ctx context.Context, c *call, in *struct {
		Paging
		Channel string   `query:"channel" doc:"only those that serve it"`
		Arches  []string `query:"arches" doc:"only those that have any of these, with commas between them"`
		Ready   string   `query:"ready" enum:"true,false" doc:"only those that call, or only others"`
		Enabled string   `query:"enabled" enum:"true,false"`
	}) (page pageOf[hostView], err error) {
		f := task.HostFilter{Arches: in.Arches, Ready: choice(in.Ready), Enabled: choice(in.Enabled)}
		if in.Channel != "" {
			f.Channel = &task.Ref{Name: in.Channel}
		}
		all, err := task.ListHosts(ctx, c.tx, f)
		if err != nil {
			return page, err
		}
		slices.SortFunc(all, func(a, b *task.Host) int { return strings.Compare(a.Name, b.Name) })
		return cut(&in.Paging, all, func(h *task.Host) string { return h.Name }, viewHost)
	})
	read(s, "list-arches", func(ctx context.Context, c *call, _ *struct{}) (page pageOf[string], err error) {
		all, err := task.AllArches(ctx, c.tx)
		page.Items = append([]string{}, all...)
		return page, err
	})
	read(s, "get-host", func(ctx context.Context, c *call, in *InHost) (v hostView, err error) {
		h, err := task.GetHost(ctx, c.tx, task.Ref{Name: in.Host}, 0)
		if err != nil {
			return v, err
		}
		return viewHost(h), nil
	})
	write(s, "edit-host", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InHost
		Body struct {
			Enabled     *bool     `json:"enabled,omitempty"`
			Arches      *[]string `json:"arches,omitempty"`
			Capacity    *float64  `json:"capacity,omitempty" minimum:"0"`
			Description *string   `json:"description,omitempty"`
			Comment     *string   `json:"comment,omitempty"`
		}
	}) (v hostView, err error) {
		e := task.HostEdit{Enabled: in.Body.Enabled, Capacity: in.Body.Capacity, Description: in.Body.Description, Comment: in.Body.Comment}
		if in.Body.Arches != nil {
			text := strings.Join(*in.Body.Arches, " ")
			e.Arches = &text
		}
		ref := task.Ref{Name: in.Host}
		if _, err := s.Tasks.EditHost(ctx, c.tx, c.by, ref, e); err != nil {
			return v, err
		}
		h, err := task.GetHost(ctx, c.tx, ref, 0)
		if err != nil {
			return v, err
		}
		return viewHost(h), nil
	})
	write(s, "create-host", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Name      string   `json:"name" minLength:"1" doc:"the host's DNS name"`
			Arches    []string `json:"arches" minItems:"1"`
			Principal string   `json:"krb_principal,omitempty"`
			Adopt     bool     `json:"adopt,omitempty" doc:"let a person of that name be the host's user: it logged in before it was made"`
		}
	}) (v hostView, err error) {
		b := &in.Body
		id, err := s.Tasks.Enrol(ctx, c.tx, c.by, task.NewHost{Name: b.Name, Arches: b.Arches, Principal: b.Principal, Adopt: b.Adopt})
		if err != nil {
			return v, err
		}
		h, err := task.GetHost(ctx, c.tx, task.Ref{ID: id}, 0)
		if err != nil {
			return v, err
		}
		return viewHost(h), nil
	})
	read(s, "get-host-data", func(ctx context.Context, c *call, in *InHost) (v hostDataView, err error) {
		h, err := task.GetHost(ctx, c.tx, task.Ref{Name: in.Host}, 0)
		if err != nil {
			return v, err
		}
		data, err := task.HostData(ctx, c.tx, h.ID)
		return hostDataView{data[h.ID]}, err
	})
	s.channels()
}

// hostDataView is what a host said of itself.
type hostDataView struct {
	Data json.RawMessage `json:"data,omitempty" doc:"in its own words; none: it has said nothing"`
}
