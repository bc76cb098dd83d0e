package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Explain adds the next step to an error of an allocator that could not be reached, or
// that wants to be asked later. Others stay as they are.
func (g *Globals) Explain(err error) error {
	var away *url.Error
	var refused *api.Problem
	if errors.As(err, &refused) && refused.RetryAfter > 0 {
		return fmt.Errorf("%w It can be tried again in %s", err, refused.RetryAfter)
	}
	if g.URL == "" || !errors.As(err, &away) || !strings.HasPrefix(away.URL, strings.TrimRight(g.URL, "/")+"/") {
		return err
	}
	return fmt.Errorf("nothing answers at %s: %w. Is it deployed (here: make up), and is LABLINK_URL, or --url, its address?", g.URL, away.Err)
}
