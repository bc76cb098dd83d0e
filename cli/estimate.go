package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// limits are what an estimate looks at, as its table names them.
var limits = map[string]string{"pool": "machines of the pool", "quota": "quota of the account", "machine": "cost of one machine", "month": "budget of the month", "budget": "budget of the workshop"}

// limitStates are how a table says whether a limit allows it.
var limitStates = map[api.LimitState]string{api.Enough: "enough", api.Short: "NOT ENOUGH", api.Unknown: "not known"}

// estimate says what a workshop would cost, and what may not allow it.
func (g *Globals) estimate(ctx context.Context, client *api.Client, in api.NewWorkshop) error {
	var e api.Estimate
	if err := client.Do(ctx, http.MethodPost, "/api/v1/workshops/estimate", in, &e); err != nil {
		return err
	}
	return g.show(e, estimateRows(e))
}

func estimateRows(e api.Estimate) [][]string {
	from := strings.Join(e.From, "; ")
	rows := [][]string{{"WHAT", "HOW MUCH", "HOW THAT IS KNOWN"}, {"machines at once", fmt.Sprintf("%d at most", e.Machines), ""}}
	rows = append(rows, []string{"an hour", cost(e.Hourly), from})
	switch {
	case e.Hours != nil:
		rows = append(rows, []string{fmt.Sprintf("in %.1f hours", *e.Hours), cost(e.Total), from})
	default:
		rows = append(rows, []string{"until its end", "not known", "nobody has said when it ends: --ends"})
	}
	for _, l := range e.Limits {
		name := limits[l.Of]
		if name == "" {
			name = l.Of
		}
		rows = append(rows, []string{name, limitStates[l.State], l.Detail})
	}
	return rows
}

// cost is what something costs at most.
func cost(of *float64) string {
	if of == nil {
		return "not known"
	}
	return usd(of) + " at most"
}
