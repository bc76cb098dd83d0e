package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// inUse is what a deployment is used for.
type inUse struct {
	Workshops    int            `json:"open_workshops"`
	Machines     map[string]int `json:"machines"` // by state
	Participants int            `json:"participants"`
	Hourly       float64        `json:"hourly_usd"`
	Month        api.Budget     `json:"month"`
}

// inUse asks for it.
func (g *Globals) inUse(ctx context.Context) (*inUse, error) {
	client, err := g.staff(ctx)
	if err != nil {
		return nil, err
	}
	costs, err := CostCommand{}.workshops(ctx, client, "")
	if err != nil {
		return nil, err
	}
	var machines api.Page[api.Machine]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/machines", nil, &machines); err != nil {
		return nil, err
	}
	u := &inUse{Workshops: len(costs), Machines: map[string]int{}}
	for _, w := range costs {
		u.Hourly += w.Hourly
	}
	for _, m := range machines.Items {
		u.Machines[m.State]++
		if m.Participant != "" {
			u.Participants++
		}
	}
	return u, client.Do(ctx, http.MethodGet, "/api/v1/budget", nil, &u.Month)
}

// rows are it as lines of a table.
func (u *inUse) rows() [][]string {
	var states []string
	for _, state := range slices.Sorted(maps.Keys(u.Machines)) {
		states = append(states, fmt.Sprintf("%d %s", u.Machines[state], state))
	}
	return [][]string{
		{"workshops", strconv.Itoa(u.Workshops) + " open", ""},
		{"machines", dash(strings.Join(states, ", ")), strconv.Itoa(u.Participants) + " with a participant"},
		{"cost", usd(&u.Hourly) + " an hour", usd(&u.Month.Spent) + " in " + u.Month.Month},
	}
}
