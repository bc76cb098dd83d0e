package cloud

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Volume is aws:ebs/volume:Volume.
type Volume struct {
	ID               string `json:"id"`
	AvailabilityZone string `json:"availabilityZone"`
	Size             int    `json:"size"` // GiB
	Type             string `json:"type"`
	Encrypted        bool   `json:"encrypted,omitempty"`
	KMSKeyID         string `json:"kmsKeyId,omitempty"`
	SnapshotID       string `json:"snapshotId,omitempty"` // what it was made of
	// FinalSnapshot leaves a snapshot when the volume is deleted.
	FinalSnapshot bool `json:"finalSnapshot,omitempty"`
	Tagged
	volumeComputed
}

type volumeComputed struct {
	ARN        string `json:"arn"`
	CreateTime string `json:"createTime"`
	IOPS       int    `json:"iops"`
	Throughput int    `json:"throughput"`
}

// CreateVolume makes a volume: an empty one, or one of a snapshot.
func (a *Account) CreateVolume(v *Volume) error {
	return a.change(func(m *model) error {
		if !slices.Contains(a.AvailabilityZones(), v.AvailabilityZone) {
			return refuse("InvalidZone.NotFound", "The zone '%s' does not exist.", v.AvailabilityZone)
		}
		if err := v.fit(m); err != nil {
			return err
		}
		if err := v.check("gp2"); err != nil {
			return err
		}
		v.ID = newID("vol")
		v.volumeComputed = volumeComputed{ARN: a.arn("ec2", "volume/"+v.ID), CreateTime: a.now().Format(time.RFC3339)}
		v.perform()
		m.Volumes.keep(v.ID, v)
		if volume, snapshot := v.ID, v.SnapshotID; snapshot != "" {
			a.later(func() { a.opts.Hypervisor.Fill(volume, snapshot) })
		}
		return nil
	})
}

// fit takes from a snapshot what is left out, and refuses what does not fit it.
func (v *Volume) fit(m *model) error {
	if v.SnapshotID == "" {
		return nil
	}
	s, err := snapshots.get(m, v.SnapshotID)
	if err != nil {
		return refuse("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", v.SnapshotID)
	}
	v.Size = cmp.Or(v.Size, s.VolumeSize)
	if v.Size < s.VolumeSize {
		return refuse("InvalidParameterValue", "Volume of size %dGiB is smaller than snapshot '%s', expect size >= %dGiB", v.Size, s.ID, s.VolumeSize)
	}
	v.Encrypted, v.KMSKeyID = v.Encrypted || s.Encrypted, cmp.Or(v.KMSKeyID, s.KMSKeyID)
	return nil
}

// check refuses what cannot be; a type that is left out is otherwise.
func (v *Volume) check(otherwise string) error {
	v.Type = cmp.Or(v.Type, otherwise)
	if err := checkVolume(v.Type, v.Size); err != nil {
		return err
	}
	if v.KMSKeyID != "" && !v.Encrypted {
		return refuse("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	}
	return v.settle()
}

// checkVolume knows the general-purpose types, with the sizes that they come in.
func checkVolume(kind string, gib int) error {
	if kind != "gp2" && kind != "gp3" {
		return refuse("InvalidParameterValue", "The simulator models volumes of type gp2 and gp3, not %q.", kind)
	}
	if gib < 1 || gib > 16384 {
		return refuse("InvalidParameterValue", "Volume of %dGiB is not valid; it is between 1GiB and 16384GiB.", gib)
	}
	return nil
}

// perform sets what a volume of its type and size can do.
func (v *Volume) perform() {
	v.IOPS, v.Throughput = 3000, 125
	if v.Type == "gp2" {
		v.IOPS, v.Throughput = min(max(100, 3*v.Size), 16000), 0
	}
}

// Volume returns one volume.
func (a *Account) Volume(id string) (*Volume, error) { return volumes.lookup(a, id) }

// HeldVolume is a volume, and the instance that has it: "" where none has.
type HeldVolume struct {
	Volume
	Instance string
}

// Volumes are all of them, by their ids.
func (a *Account) Volumes() []HeldVolume {
	var out []HeldVolume
	_ = a.view(func(m *model) error {
		for _, id := range slices.Sorted(maps.Keys(m.Volumes)) {
			held := HeldVolume{Volume: *m.Volumes[id]}
			for _, x := range m.Attachments {
				if x.VolumeID == id {
					held.Instance = x.InstanceID
				}
			}
			out = append(out, held)
		}
		return nil
	})
	return out
}

// UpdateVolume grows a volume or changes its tags.
func (a *Account) UpdateVolume(id string, v *Volume) error {
	return volumes.update(a, id, v, func(_ *model, cur *Volume) error {
		if v.Size < cur.Size {
			return refuse("InvalidParameterValue", "New size cannot be smaller than existing size")
		}
		v.ID, v.AvailabilityZone, v.Encrypted, v.KMSKeyID = id, cur.AvailabilityZone, cur.Encrypted, cur.KMSKeyID
		v.SnapshotID, v.volumeComputed = cur.SnapshotID, cur.volumeComputed
		if err := v.check(cur.Type); err != nil {
			return err
		}
		v.perform()
		return nil
	})
}

// DeleteVolume refuses while an instance has the volume. One that is to leave a
// snapshot leaves one with its tags, as the provider takes it.
func (a *Account) DeleteVolume(id string) error {
	return volumes.remove(a, id, func(m *model, v *Volume) error {
		for _, x := range m.Attachments {
			if x.VolumeID == id {
				return refuse("VolumeInUse", "Volume %s is currently attached to %s", id, x.InstanceID)
			}
		}
		if !v.FinalSnapshot {
			return nil
		}
		return a.takeSnapshot(m, v, &Snapshot{Tagged: Tagged{Tags: maps.Clone(v.Tags)}})
	})
}

// VolumeTags are the tags of all volumes that an instance has.
func (a *Account) VolumeTags(id string) (tags map[string]string) {
	_ = a.view(func(m *model) error {
		if i := m.Instances[id]; i != nil {
			tags = m.volumeTags(i)
		}
		return nil
	})
	return tags
}

func (m *model) volumeTags(i *Instance) map[string]string {
	tags := maps.Clone(i.RootBlockDevice.Tags)
	for _, x := range m.Attachments {
		if x.InstanceID == i.ID {
			if tags == nil {
				tags = map[string]string{}
			}
			maps.Copy(tags, m.Volumes[x.VolumeID].Tags)
		}
	}
	return tags
}
