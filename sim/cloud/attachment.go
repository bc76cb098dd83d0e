package cloud

import (
	"fmt"
	"hash/crc32"
)

// VolumeAttachment is aws:ec2/volumeAttachment:VolumeAttachment.
type VolumeAttachment struct {
	ID         string `json:"id"`
	DeviceName string `json:"deviceName"`
	InstanceID string `json:"instanceId"`
	VolumeID   string `json:"volumeId"`
	// StopInstanceBeforeDetaching is kept and has no effect: a machine here is
	// not stopped, and finds its volume gone.
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
		id := AttachmentID(x.DeviceName, i.ID, v.ID)
		if m.Attachments[id] != nil { // the provider takes over one that is there
			x.ID = id
			*m.Attachments[id] = *x
			return nil
		}
		if x.DeviceName == rootDevice {
			return deviceInUse(x.DeviceName)
		}
		for _, other := range m.Attachments {
			if other.VolumeID == v.ID {
				return refuse("VolumeInUse", "%s is already attached to an instance", v.ID)
			}
			if other.InstanceID == i.ID && other.DeviceName == x.DeviceName {
				return deviceInUse(x.DeviceName)
			}
		}
		x.ID = id
		m.Attachments.keep(x.ID, x)
		made := *x
		a.later(func() { a.opts.Hypervisor.Attach(made.InstanceID, made.DeviceName, made.VolumeID) })
		return nil
	})
}

// AttachmentID is the id that the provider gives an attachment.
func AttachmentID(device, instance, volume string) string {
	return fmt.Sprintf("vai-%d", crc32.ChecksumIEEE([]byte(device+"-"+instance+"-"+volume+"-")))
}

func deviceInUse(name string) error {
	return refuse("InvalidParameterValue", "Invalid value '%s' for unixDevice. Attachment point %s is already in use", name, name)
}

// VolumeAttachment returns one attachment.
func (a *Account) VolumeAttachment(id string) (*VolumeAttachment, error) {
	return attachments.lookup(a, id)
}

// UpdateVolumeAttachment changes what says how to detach.
func (a *Account) UpdateVolumeAttachment(id string, x *VolumeAttachment) error {
	return attachments.update(a, id, x, func(_ *model, cur *VolumeAttachment) error {
		x.ID, x.DeviceName, x.InstanceID, x.VolumeID = id, cur.DeviceName, cur.InstanceID, cur.VolumeID
		return nil
	})
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
