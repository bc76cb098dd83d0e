package cloud

import (
	"fmt"
	"hash/crc32"
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
	FinalSnapshot    bool   `json:"finalSnapshot,omitempty"`
	Tagged
	volumeComputed
}

type volumeComputed struct {
	ARN        string `json:"arn"`
	CreateTime string `json:"createTime"`
	IOPS       int    `json:"iops"`
	Throughput int    `json:"throughput"`
}

// CreateVolume makes an empty volume.
func (a *Account) CreateVolume(v *Volume) error {
	return a.change(func(m *model) error {
		if !slices.Contains(a.AvailabilityZones(), v.AvailabilityZone) {
			return refuse("InvalidZone.NotFound", "The zone '%s' does not exist.", v.AvailabilityZone)
		}
		if v.Type == "" {
			v.Type = "gp2"
		}
		if v.Type != "gp2" && v.Type != "gp3" || v.Size < 1 || v.Size > 16384 {
			return refuse("InvalidParameterValue", "Volume of type %s and %d GiB is not valid.", v.Type, v.Size)
		}
		if err := v.settle(); err != nil {
			return err
		}
		v.ID = newID("vol")
		v.volumeComputed = volumeComputed{
			ARN: a.arn("ec2", "volume/"+v.ID), CreateTime: a.now().Format(time.RFC3339),
			IOPS: 3000, Throughput: 125,
		}
		if v.Type == "gp2" {
			v.IOPS, v.Throughput = max(100, 3*v.Size), 0
		}
		m.Volumes[v.ID] = v
		return nil
	})
}

// Volume returns one volume.
func (a *Account) Volume(id string) (*Volume, error) { return volumes.lookup(a, id) }

// UpdateVolume grows a volume or changes its tags.
func (a *Account) UpdateVolume(id string, v *Volume) error {
	return volumes.update(a, id, v, func(_ *model, cur *Volume) error {
		if v.Size < cur.Size {
			return refuse("InvalidParameterValue", "New size cannot be smaller than existing size")
		}
		if v.Type == "" {
			v.Type = cur.Type
		}
		v.ID, v.volumeComputed = id, cur.volumeComputed
		return v.settle()
	})
}

// DeleteVolume refuses while an instance has the volume.
func (a *Account) DeleteVolume(id string) error {
	return volumes.remove(a, id, func(m *model, _ *Volume) error {
		for _, x := range m.Attachments {
			if x.VolumeID == id {
				return refuse("VolumeInUse", "Volume %s is currently attached to %s", id, x.InstanceID)
			}
		}
		return nil
	})
}

// VolumeAttachment is aws:ec2/volumeAttachment:VolumeAttachment.
type VolumeAttachment struct {
	ID         string `json:"id"`
	DeviceName string `json:"deviceName"`
	InstanceID string `json:"instanceId"`
	VolumeID   string `json:"volumeId"`
	// StopInstanceBeforeDetaching is honoured by the provider alone.
	StopInstanceBeforeDetaching bool `json:"stopInstanceBeforeDetaching,omitempty"`
}

// CreateVolumeAttachment attaches a free volume to an instance of its zone.
func (a *Account) CreateVolumeAttachment(x *VolumeAttachment) error {
	return a.change(func(m *model) error {
		v, err := volumes.get(m, x.VolumeID)
		if err != nil {
			return err
		}
		i, err := instances.get(m, x.InstanceID)
		if err != nil {
			return err
		}
		switch {
		case i.Gone():
			return refuse("IncorrectState", "Instance '%s' is not 'running'.", i.ID)
		case v.AvailabilityZone != i.AvailabilityZone:
			return refuse("InvalidVolume.ZoneMismatch", "The volume '%s' is not in the same availability zone as instance '%s'", v.ID, i.ID)
		}
		for _, other := range m.Attachments {
			if other.VolumeID == v.ID {
				return refuse("VolumeInUse", "%s is already attached to an instance", v.ID)
			}
			if other.InstanceID == i.ID && other.DeviceName == x.DeviceName {
				return refuse("InvalidParameterValue", "Invalid value '%s' for unixDevice. Attachment point %s is already in use", x.DeviceName, x.DeviceName)
			}
		}
		x.ID = fmt.Sprintf("vai-%d", crc32.ChecksumIEEE([]byte(x.DeviceName+"-"+i.ID+"-"+v.ID+"-")))
		m.Attachments[x.ID] = x
		made := *x
		a.later(func() { a.opts.Hypervisor.Attach(made.InstanceID, made.DeviceName, made.VolumeID) })
		return nil
	})
}

// VolumeAttachment returns one attachment.
func (a *Account) VolumeAttachment(id string) (*VolumeAttachment, error) {
	return attachments.lookup(a, id)
}

// DeleteVolumeAttachment detaches the volume.
func (a *Account) DeleteVolumeAttachment(id string) error {
	return attachments.remove(a, id, func(_ *model, x *VolumeAttachment) error {
		gone := *x
		a.later(func() { a.opts.Hypervisor.Detach(gone.InstanceID, gone.DeviceName, gone.VolumeID) })
		return nil
	})
}

// AttachmentsOf are the volumes that an instance has.
func (a *Account) AttachmentsOf(instance string) []VolumeAttachment {
	var out []VolumeAttachment
	_ = a.view(func(m *model) error {
		for _, x := range m.Attachments {
			if x.InstanceID == instance {
				out = append(out, *x)
			}
		}
		return nil
	})
	return out
}
