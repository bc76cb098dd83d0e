package allocator

import (
	"context"
	"time"
)

// restoredGrace is how long an instance lives on that a restored backup does not
// know: somebody may work on it, and whoever restored may have a newer backup.
const restoredGrace = time.Hour

// spare tells, once, of an instance that is not known since a restore.
func (s *Service) spare(ctx context.Context, instance string, until time.Time) {
	if _, told := s.spared.LoadOrStore(instance, true); told {
		return
	}
	s.Log.Warn("an instance is not known since a backup was restored, and is ended later", "instance", instance, "ends", until)
	s.record(ctx, Allocator, "spare unknown instance", instance, "the backup that was restored does not know it; it is ended at "+InUTC(until))
}
