package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/api"
)

// CollectCommand keeps what participants have made.
type CollectCommand struct {
	AtStack
	Waiting
	Workshop string `arg:"" help:"Its id, wks_…, or its name."`
}

// Run collects it.
func (c CollectCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := named(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	return g.operation(ctx, client, c.Waiting, http.MethodPost, "/api/v1/workshops/"+url.PathEscape(id)+"/collect")
}

// WorkCommand lists and downloads what was kept.
type WorkCommand struct {
	AtStack
	Workshop string `arg:"" help:"Its id, wks_…, or its name."`
	To       string `type:"path" placeholder:"FOLDER" help:"Download all of it into this folder, below each participant's address. What is there already stays as it is."`
}

// Run lists it, and downloads it where that is wanted.
func (c WorkCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := named(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	var page api.Page[api.WorkFile]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/workshops/"+url.PathEscape(id)+"/work", nil, &page); err != nil {
		return err
	}
	rows := [][]string{{"PARTICIPANT", "BYTES", "KEPT", "FILE"}}
	for _, f := range page.Items {
		rows = append(rows, []string{f.Participant, strconv.FormatInt(f.Bytes, 10), day(&f.At), f.Path})
	}
	if err := g.show(page.Items, rows); err != nil || c.To == "" {
		return err
	}
	return g.download(ctx, c.To, page.Items)
}

// download puts files into a folder, each below its participant's. What they are called
// was said by machines, and leads nowhere else.
func (g *Globals) download(ctx context.Context, folder string, files []api.WorkFile) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder for what was kept: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("open the folder for what was kept: %w", err)
	}
	defer root.Close()
	p := g.progress()
	defer p.end()
	for i, f := range files {
		p.tell(i, len(files), f.Participant+" "+f.Path)
		err := g.fetch(ctx, root, filepath.Join(filepath.FromSlash(f.Participant), filepath.FromSlash(f.Path)), f.URL)
		if err != nil {
			return fmt.Errorf("download %s of %s: %w. What was downloaded stays; the same again goes on", f.Path, f.Participant, err)
		}
	}
	p.tell(len(files), len(files), "downloaded to "+folder)
	return nil
}

// fetch downloads a file that is not there yet, whole or not at all.
func (g *Globals) fetch(ctx context.Context, root *os.Root, name, from string) error {
	if _, err := root.Stat(name); err == nil {
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	files := g.client().HTTP
	files.Timeout = 0 // it may be large
	res, err := files.Do(req)
	var away *url.Error
	if errors.As(err, &away) {
		return away.Err // the address is a key to the file
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the bucket answers %s", res.Status)
	}
	part, err := root.Create(name + ".part")
	if err != nil {
		return err
	}
	_, err = io.Copy(part, res.Body)
	if err = errors.Join(err, part.Close()); err != nil {
		return errors.Join(err, root.Remove(name+".part"))
	}
	return root.Rename(name+".part", name)
}
