package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// looksBetween is how often a log is read before it is asked whether its machine is there
// yet.
const looksBetween = 10

// followLog prints lines, and then what a machine logs, until it has ended. That somebody
// stops looking is no error.
func (g *Globals) followLog(ctx context.Context, client *api.Client, id string, lines []api.LogLine, next int64, wanted filter) error {
	away := false
	for looks := 1; ; looks++ {
		if err := g.printLines(lines); err != nil {
			return err
		}
		if !g.pause(ctx) {
			return nil
		}
		var err error
		gone := false
		lines = nil // they are printed
		if looks%looksBetween == 0 {
			gone, err = ended(ctx, client, id)
		}
		if err == nil { // also what it said last
			lines, next, err = logged(ctx, client, id, next, wanted)
		}
		if err := passing(ctx, err); err != nil {
			return err
		}
		if err != nil && !away && ctx.Err() == nil {
			g.warn("the allocator does not answer now; it is asked again")
		}
		away = err != nil
		if gone {
			g.warn("the machine has ended")
			return g.printLines(lines)
		}
	}
}

// warn says something beside what is printed.
func (g *Globals) warn(text string) {
	if g.Err != nil {
		fmt.Fprintln(g.Err, "lablink: "+text)
	}
}

// ended reports whether a machine is there no more.
func ended(ctx context.Context, client *api.Client, id string) (bool, error) {
	var page api.Page[api.Machine]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/machines", nil, &page); err != nil {
		return false, err
	}
	return !slices.ContainsFunc(page.Items, func(m api.Machine) bool { return m.ID == id }), nil
}

// machineOf finds a machine by what it is called on the command line: its id, or the
// address of who is on it.
func machineOf(ctx context.Context, client *api.Client, machine string) (string, error) {
	if !strings.Contains(machine, "@") {
		return machine, nil
	}
	var page api.Page[api.Machine]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/machines", nil, &page); err != nil {
		return "", err
	}
	var ids []string
	for _, m := range page.Items {
		if strings.EqualFold(m.Participant, machine) {
			ids = append(ids, m.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", api.Problemf(api.NotFound, "Nobody of that address has a machine", "%q: `lablink seats` lists who has one, and who waits.", machine)
	case 1:
		return ids[0], nil
	}
	return "", api.Problemf(api.Conflict, "There are several machines of that address", "It has a seat in several workshops. Say which by its id: %s.", strings.Join(ids, ", "))
}

// pathOf is where something is done to a machine.
func pathOf(id, what string) string { return "/api/v1/machines/" + url.PathEscape(id) + "/" + what }
