package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kura-build/kura"
	"github.com/kura-build/kura/hub/task"
)

// channelView is a channel as callers see it: the hosts that take a sort of
// tasks.
type channelView struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Enabled     bool    `json:"enabled"`
	Description *string `json:"description,omitempty"`
	Comment     *string `json:"comment,omitempty"`
}

func viewChannel(h *task.Channel) channelView {
	return channelView{h.ID, h.Name, h.Enabled, h.Description, h.Comment}
}

// InChannel names a channel in a path.
type InChannel struct {
	Channel string `path:"channel" doc:"the channel's name"`
}

func (in *InChannel) ref() task.Ref { return task.Ref{Name: in.Channel} }

// channelOf shows a channel after it was changed.
func channelOf(ctx context.Context, c *call, ref task.Ref) (v channelView, err error) {
	ch, err := task.GetChannel(ctx, c.tx, ref)
	if err != nil {
		return v, err
	}
	return viewChannel(ch), nil
}

func listChannels(ctx context.Context, c *call, p *Paging, host int64) (page pageOf[channelView], err error) {
	all, err := task.ListChannels(ctx, c.tx, host, 0, nil)
	if err != nil {
		return page, err
	}
	slices.SortFunc(all, func(a, b *task.Channel) int { return strings.Compare(a.Name, b.Name) })
	return cut(p, all, func(h *task.Channel) string { return h.Name }, viewChannel)
}

func (s *Server) channels() {
	read(s, "list-channels", func(ctx context.Context, c *call, in *Paging) (pageOf[channelView], error) {
		return listChannels(ctx, c, in, 0)
	})
	read(s, "get-channel", func(ctx context.Context, c *call, in *InChannel) (channelView, error) {
		return channelOf(ctx, c, in.ref())
	})
	write(s, "create-channel", http.StatusCreated, func(ctx context.Context, c *call, in *struct {
		Body struct {
			Name        string  `json:"name" minLength:"1"`
			Description *string `json:"description,omitempty"`
		}
	}) (v channelView, err error) {
		id, err := s.Tasks.AddChannel(ctx, c.tx, in.Body.Name, in.Body.Description)
		if err != nil {
			return v, err
		}
		return channelOf(ctx, c, task.Ref{ID: id})
	})
	write(s, "edit-channel", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InChannel
		Body struct {
			Name        *string `json:"name,omitempty" minLength:"1"`
			Description *string `json:"description,omitempty"`
			Comment     *string `json:"comment,omitempty"`
		}
	}) (v channelView, err error) {
		ch, err := task.GetChannel(ctx, c.tx, in.ref())
		if err != nil {
			return v, err
		}
		e := task.ChannelEdit{Name: in.Body.Name, Description: in.Body.Description, Comment: in.Body.Comment}
		if _, err := s.Tasks.EditChannel(ctx, c.tx, task.Ref{ID: ch.ID}, e); err != nil {
			return v, err
		}
		return channelOf(ctx, c, task.Ref{ID: ch.ID})
	})
	write(s, "set-channel-status", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InChannel
		Body struct {
			Enabled bool    `json:"enabled"`
			Comment *string `json:"comment,omitempty" doc:"why"`
		}
	}) (v channelView, err error) {
		if _, err := s.Tasks.EditChannel(ctx, c.tx, in.ref(), task.ChannelEdit{Enabled: &in.Body.Enabled, Comment: in.Body.Comment}); err != nil {
			return v, err
		}
		return channelOf(ctx, c, in.ref())
	})
	s.hostChannels()
}

// InHostChannel names a host's place in a channel in a path.
type InHostChannel struct {
	InHost
	InChannel
}

func (s *Server) hostChannels() {
	of := func(ctx context.Context, c *call, p *Paging, name string) (page pageOf[channelView], err error) {
		h, err := task.GetHost(ctx, c.tx, task.Ref{Name: name}, 0)
		if err != nil {
			return page, err
		}
		return listChannels(ctx, c, p, h.ID)
	}
	read(s, "list-host-channels", func(ctx context.Context, c *call, in *struct {
		Paging
		InHost
	}) (pageOf[channelView], error) {
		return of(ctx, c, &in.Paging, in.Host)
	})
	all := &Paging{Limit: 1000}
	write(s, "add-host-channel", http.StatusOK, func(ctx context.Context, c *call, in *struct {
		InHostChannel
		Force bool `query:"force" doc:"even if the channel is disabled"`
	}) (page pageOf[channelView], err error) {
		err = s.Tasks.Join(ctx, c.tx, c.by, task.Ref{Name: in.Host}, in.ref(), false, in.Force)
		if err != nil && !kura.Is(err, kura.Exists) { // it was there before
			return page, err
		}
		return of(ctx, c, all, in.Host)
	})
	write(s, "remove-host-channel", http.StatusOK, func(ctx context.Context, c *call, in *InHostChannel) (page pageOf[channelView], err error) {
		if err := s.Tasks.Leave(ctx, c.tx, c.by, task.Ref{Name: in.Host}, in.ref()); err != nil {
			return page, err
		}
		return of(ctx, c, all, in.Host)
	})
}
