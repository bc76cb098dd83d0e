package cli

import (
	"context"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// named finds a workshop by what it is called on the command line: its id, or the name
// of one that is open. It answers with the id.
func named(ctx context.Context, client *api.Client, workshop string) (string, error) {
	if strings.HasPrefix(workshop, "wks_") {
		return workshop, nil
	}
	all, err := allWorkshops(ctx, client)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, w := range all {
		if w.State == "open" && w.Name == workshop {
			ids = append(ids, w.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", api.Problemf(api.NotFound, "No workshop of that name is open", "%q: `lablink workshops` lists those that are, with their ids.", workshop)
	case 1:
		return ids[0], nil
	}
	return "", api.Problemf(api.Conflict, "Several workshops of that name are open", "Say which by its id: %s.", strings.Join(ids, ", "))
}

// oneOrAll is the same where no workshop need be named.
func oneOrAll(ctx context.Context, client *api.Client, workshop string) (string, error) {
	if workshop == "" {
		return "", nil
	}
	return named(ctx, client, workshop)
}
