package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// imageLimit is how long one try to fetch an image may take, which may have many GB.
	imageLimit = 20 * time.Minute
	// imageTries is how often it is tried at least: a registry may refuse many at once.
	imageTries = 3
)

// errNoImage is that a machine has no image for its desktop. Nobody can use it then, whatever
// becomes of one whose script fails.
var errNoImage = errors.New("without it the machine has no desktop")

// fetch fetches the image of desktops that are containers. How far that is is shown, and not
// logged: it changes all the time.
func (s *Setup) fetch(ctx context.Context, said api.Setup) error {
	if said.Container == "" || s.Fetch == nil {
		return nil
	}
	patient := said.Startup
	patient.MaxAttempts = max(imageTries, patient.MaxAttempts)
	err := s.tries(ctx, "image", "The fetch of the desktop's image "+said.Container, patient, func() error {
		return s.Fetch.Run(ctx, Command{Args: []string{said.Container}, Limit: imageLimit}, s.show)
	})
	if err != nil {
		return fmt.Errorf("%w; %w", err, errNoImage)
	}
	return nil
}
