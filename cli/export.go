package cli

import (
	"context"
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/api"
)

// ExportCommand prints who was there.
type ExportCommand struct {
	AtStack
	Workshop string `arg:"" help:"Its id, wks_…, or its name."`
}

// Run prints the seats as CSV, or as JSON.
func (c ExportCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := named(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	path := "/api/v1/workshops/" + url.PathEscape(id) + "/export?format="
	if g.JSON {
		var out api.Export
		if err := client.Do(ctx, http.MethodGet, path+"json", nil, &out); err != nil {
			return err
		}
		return g.show(out, nil)
	}
	raw, err := client.File(ctx, path+"csv")
	if err != nil {
		return err
	}
	_, err = g.Out.Write(raw)
	return err
}
