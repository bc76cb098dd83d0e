package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// StatsCommand prints what the participants of a workshop did.
type StatsCommand struct {
	AtStack
	Workshop string `arg:"" help:"Its id, wks_…, or its name."`
}

// Run prints them, and what they did in the middle.
func (c StatsCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := named(ctx, client, c.Workshop)
	if err != nil {
		return err
	}
	var s api.Stats
	if err := client.Do(ctx, http.MethodGet, "/api/v1/workshops/"+url.PathEscape(id)+"/stats", nil, &s); err != nil {
		return err
	}
	rows := [][]string{{"PARTICIPANT", "MEASURED", "SOFTWARE RAN", "GPU ACTIVE", "GPU PEAK", "GPU MEMORY", "MEMORY"}}
	for _, u := range s.Seats {
		var software []string
		for _, one := range u.Software {
			text := one.Name + " " + lasting(&one.Seconds)
			if one.Active != nil {
				text += " (active " + lasting(one.Active) + ")"
			}
			software = append(software, text)
		}
		peak := "-"
		if u.GPUPeak != nil {
			peak = fmt.Sprintf("%d %%", *u.GPUPeak)
		}
		rows = append(rows, []string{u.Email, lasting(&u.Seconds), dash(strings.Join(software, ", ")), lasting(u.GPUActive), peak, gib(u.GPUMemory), gib(u.MemoryPeak)})
	}
	ran := "-"
	if s.TellsSoftware() {
		ran = lasting(&s.MedianSoftware)
	}
	if s.MedianActive != nil {
		ran += " (active " + lasting(s.MedianActive) + ")"
	}
	rows = append(rows, []string{"median of " + fmt.Sprint(s.People), lasting(&s.MedianSeconds), ran, lasting(s.MedianGPU), "", "", ""})
	return g.show(s, rows)
}

// lasting is a time of so many seconds; nil is one that is not known.
func lasting(seconds *int) string {
	if seconds == nil {
		return "-"
	}
	return (time.Duration(*seconds) * time.Second).String()
}

func gib(bytes *uint64) string {
	if bytes == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f GiB", float64(*bytes)/(1<<30))
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
