package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// LaunchCommand opens a workshop.
type LaunchCommand struct {
	AtStack
	Waiting
	Name     string   `arg:"" help:"What people call the workshop."`
	Pool     string   `help:"The kind of machine, as lablink pools shows it. Left out: the only one."`
	Machines int      `required:"" help:"How many: one for each who may come at once."`
	Spares   int      `help:"How many more are kept ready, for those that fail."`
	Starts   string   `placeholder:"TIME" help:"When seats are given, on this computer's clock: 2026-03-01T09:00. Its machines start 20 minutes before. Left out: now."`
	Ends     string   `placeholder:"TIME" help:"When it ends by itself, with all its machines. Left out: when somebody ends it."`
	Minutes  int      `help:"How long each person may keep a machine; 0: as the deployment's settings say."`
	Idle     *int     `help:"How many minutes somebody may do nothing; 0: as many as they like. Left out: as the deployment's settings say."`
	Budget   float64  `placeholder:"USD" help:"What its machines may cost; 0: no limit of its own."`
	Previews bool     `help:"Let instructors see small pictures of the desktops. Who joins is told."`
	Invite   []string `placeholder:"ADDRESS" help:"Who may join. Left out: all who have the link."`
	Roster   string   `placeholder:"FILE" type:"path" help:"A file that says who may join: CSV with a column of addresses, or one address a line; - is what is typed, or piped."`
	Estimate bool     `help:"Say what it would cost, and what may not allow it. Nothing is opened."`
}

// Run opens it, says where participants join, and waits for its machines where that is
// wanted.
func (c LaunchCommand) Run(ctx context.Context, g *Globals) error {
	in := api.NewWorkshop{
		Name: c.Name, Pool: c.Pool, Seats: c.Machines, Spares: c.Spares, SessionMinutes: c.Minutes, IdleMinutes: c.Idle, BudgetUSD: c.Budget, Previews: c.Previews,
	}
	var err error
	if in.Roster, err = g.invited(c.Invite, c.Roster); err != nil {
		return err
	}
	if in.StartsAt, err = moment(c.Starts); err != nil {
		return err
	}
	if in.EndsAt, err = moment(c.Ends); err != nil {
		return err
	}
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	if in.Pool, err = onlyPool(ctx, client, c.Pool); err != nil {
		return err
	}
	if c.Estimate {
		return g.estimate(ctx, client, in)
	}
	var w api.Workshop
	if err := client.Do(ctx, http.MethodPost, "/api/v1/workshops", in, &w); err != nil {
		return err
	}
	if err := g.show(w, [][]string{{"ID", "LINK"}, {w.ID, w.JoinURL}}); err != nil || !c.waits(g) {
		return err
	}
	return c.follow(ctx, g, client, w)
}

// onlyPool is the pool that is named, or the only one.
func onlyPool(ctx context.Context, client *api.Client, name string) (string, error) {
	if name != "" {
		return name, nil
	}
	var pools api.Page[api.Pool]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/pools", nil, &pools); err != nil {
		return "", err
	}
	if len(pools.Items) == 1 {
		return pools.Items[0].Name, nil
	}
	var names []string
	for _, p := range pools.Items {
		names = append(names, p.Name)
	}
	return "", api.Problemf(api.Invalid, "Say which kind of machine", "There are %s: name one with --pool.", strings.Join(names, ", "))
}

// follow waits until the machines of a workshop are ready.
func (c LaunchCommand) follow(ctx context.Context, g *Globals, client *api.Client, w api.Workshop) error {
	if begin := w.StartsAt.Add(-time.Duration(w.WarmUpMinutes) * time.Minute); w.StartsAt.After(w.CreatedAt) && begin.After(w.CreatedAt) {
		g.note("Its machines start at %s", day(&begin))
		return nil
	}
	aside := fmt.Sprintf("lablink machines --workshop %s shows how its machines are, and lablink end %[1]s ends them", w.ID)
	want := w.Warm + w.Spares
	err := c.until(ctx, g, aside, func(ctx context.Context, p *progress) (bool, error) {
		now, err := launched(ctx, client, w.ID)
		if err != nil {
			return false, err
		}
		p.tell(now.ready, want, now.doing)
		return now.ready >= want, nil
	})
	if err == nil {
		g.note("%s: ready", machines(want))
	}
	return err
}

// launching is how far the machines of a workshop are.
type launching struct {
	ready int
	doing string // what is waited for
}

// launched looks how far they are.
func launched(ctx context.Context, client *api.Client, workshop string) (launching, error) {
	var now launching
	var w api.Workshop
	if err := client.Do(ctx, http.MethodGet, "/api/v1/workshops/"+url.PathEscape(workshop), nil, &w); err != nil {
		return now, err
	}
	if w.State != "open" {
		return now, api.Problemf(api.Conflict, "The workshop has ended", "Somebody ended it, or its time was over, before all of its machines were ready.")
	}
	var page api.Page[api.Machine]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/machines?workshop="+url.QueryEscape(workshop), nil, &page); err != nil {
		return now, err
	}
	why := ""
	var states []string
	count := map[string]int{}
	for _, m := range page.Items {
		if m.State == "ready" || m.State == "assigned" {
			now.ready++
			continue
		}
		if count[m.State] == 0 {
			states = append(states, m.State)
		}
		count[m.State]++
		why = cmp.Or(why, m.Reason)
	}
	for i, state := range states {
		states[i] = fmt.Sprintf("%d %s", count[state], state)
	}
	now.doing = strings.Join(states, ", ")
	if why = cmp.Or(troubled(w), why); why != "" {
		now.doing = strings.TrimPrefix(now.doing+"; "+why, "; ")
	}
	return now, nil
}

// troubled is why machines of a workshop cannot be launched, and when that is tried again.
func troubled(w api.Workshop) string {
	if w.Trouble == "" || w.RetryAt == nil {
		return w.Trouble
	}
	return w.Trouble + " It is tried again at " + day(w.RetryAt) + "."
}
