package cloud

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Snapshot is what was on a volume at one time. No resource of Pulumi's makes one
// here: people do, and a volume that leaves one when it is deleted.
type Snapshot struct {
	ID          string `json:"id"`
	VolumeID    string `json:"volumeId"`
	VolumeSize  int    `json:"volumeSize"` // GiB
	Description string `json:"description,omitempty"`
	Encrypted   bool   `json:"encrypted"`
	KMSKeyID    string `json:"kmsKeyId,omitempty"`
	StartTime   string `json:"startTime"`
	Tagged
}

// CreateSnapshot takes a snapshot of a volume, which is complete at once. VolumeID,
// Description and tags are given.
func (a *Account) CreateSnapshot(s *Snapshot) error {
	return a.change(func(m *model) error {
		v, err := volumes.get(m, s.VolumeID)
		if err != nil {
			return err
		}
		return a.takeSnapshot(m, v, s)
	})
}

func (a *Account) takeSnapshot(m *model, v *Volume, s *Snapshot) error {
	if len(s.Description) > 255 {
		return refuse("InvalidParameterValue", "The description of a snapshot has 255 characters at most")
	}
	if err := s.settle(); err != nil {
		return err
	}
	s.ID, s.VolumeID, s.VolumeSize, s.Encrypted, s.KMSKeyID = newID("snap"), v.ID, v.Size, v.Encrypted, v.KMSKeyID
	s.StartTime = a.now().Format(time.RFC3339)
	m.Snapshots.keep(s.ID, s)
	volume, snapshot := v.ID, s.ID
	a.later(func() { a.opts.Hypervisor.Save(volume, snapshot) })
	return nil
}

// Snapshot returns one snapshot.
func (a *Account) Snapshot(id string) (*Snapshot, error) { return snapshots.lookup(a, id) }

// Snapshots are all of them, the oldest first.
func (a *Account) Snapshots() []Snapshot {
	var out []Snapshot
	_ = a.view(func(m *model) error {
		for _, id := range slices.Sorted(maps.Keys(m.Snapshots)) {
			out = append(out, *m.Snapshots[id])
		}
		return nil
	})
	slices.SortStableFunc(out, func(x, y Snapshot) int { return cmp.Compare(x.StartTime, y.StartTime) })
	return out
}
