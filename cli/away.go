package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Explain adds the next step to an error of an allocator that could not be reached.
// Others stay as they are.
func (g *Globals) Explain(err error) error {
	var away *url.Error
	if g.URL == "" || !errors.As(err, &away) || !strings.HasPrefix(away.URL, strings.TrimRight(g.URL, "/")+"/") {
		return err
	}
	return fmt.Errorf("nothing answers at %s: %w. Is it deployed (here: make up), and is LABLINK_URL, or --url, its address?", g.URL, away.Err)
}
