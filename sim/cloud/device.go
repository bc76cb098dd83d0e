package cloud

import (
	"cmp"
	"slices"
)

// MetadataOptions say how instance metadata is served.
type MetadataOptions struct {
	HTTPEndpoint            string `json:"httpEndpoint,omitempty"`
	HTTPTokens              string `json:"httpTokens,omitempty"`
	HTTPPutResponseHopLimit int    `json:"httpPutResponseHopLimit,omitempty"`
	InstanceMetadataTags    string `json:"instanceMetadataTags,omitempty"`
}

var metadataDefaults = MetadataOptions{HTTPEndpoint: "enabled", HTTPTokens: "optional", HTTPPutResponseHopLimit: 1, InstanceMetadataTags: "disabled"}

// filled is o, or nothing, with what is left out taken from otherwise.
func (o *MetadataOptions) filled(otherwise MetadataOptions) *MetadataOptions {
	if o == nil {
		return &otherwise
	}
	return &MetadataOptions{
		HTTPEndpoint:            cmp.Or(o.HTTPEndpoint, otherwise.HTTPEndpoint),
		HTTPTokens:              cmp.Or(o.HTTPTokens, otherwise.HTTPTokens),
		HTTPPutResponseHopLimit: cmp.Or(o.HTTPPutResponseHopLimit, otherwise.HTTPPutResponseHopLimit),
		InstanceMetadataTags:    cmp.Or(o.InstanceMetadataTags, otherwise.InstanceMetadataTags),
	}
}

func (o *MetadataOptions) check() error {
	all := o.filled(metadataDefaults)
	onOff := []string{"enabled", "disabled"}
	for _, v := range []struct {
		name, value string
		allowed     []string
	}{
		{"HttpEndpoint", all.HTTPEndpoint, onOff},
		{"HttpTokens", all.HTTPTokens, []string{"optional", "required"}},
		{"InstanceMetadataTags", all.InstanceMetadataTags, onOff},
	} {
		if !slices.Contains(v.allowed, v.value) {
			return refuse("InvalidParameterValue", "Value (%s) for parameter %s is invalid. It is one of %v.", v.value, v.name, v.allowed)
		}
	}
	if n := all.HTTPPutResponseHopLimit; n < 1 || n > 64 {
		return refuse("InvalidParameterValue", "Value (%d) for parameter HttpPutResponseHopLimit is invalid. It is between 1 and 64.", n)
	}
	return nil
}

// RootBlockDevice is the volume that an instance starts from.
type RootBlockDevice struct {
	VolumeSize          int               `json:"volumeSize,omitempty"` // GiB
	VolumeType          string            `json:"volumeType,omitempty"`
	Encrypted           bool              `json:"encrypted,omitempty"`
	DeleteOnTermination *bool             `json:"deleteOnTermination,omitempty"`
	Tags                map[string]string `json:"tags,omitempty"`
	rootComputed
}

type rootComputed struct {
	VolumeID   string `json:"volumeId,omitempty"`
	DeviceName string `json:"deviceName,omitempty"`
}

// check refuses what an image cannot start from; nil is what the image says.
func (d *RootBlockDevice) check(image Image) error {
	if d == nil {
		return nil
	}
	if d.VolumeSize != 0 && d.VolumeSize < image.RootGiB {
		return refuse("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than snapshot of image %s, expect size >= %dGB", d.VolumeSize, image.ID, image.RootGiB)
	}
	if err := checkVolume(cmp.Or(d.VolumeType, "gp3"), cmp.Or(d.VolumeSize, image.RootGiB)); err != nil {
		return err
	}
	return (&Tagged{Tags: d.Tags}).settle()
}

// settled is the volume that an instance gets.
func (d *RootBlockDevice) settled(image Image) *RootBlockDevice {
	out := RootBlockDevice{}
	if d != nil {
		out = *d
	}
	out.VolumeSize, out.VolumeType = cmp.Or(out.VolumeSize, image.RootGiB), cmp.Or(out.VolumeType, "gp3")
	yes := true
	out.DeleteOnTermination = cmp.Or(out.DeleteOnTermination, &yes)
	out.rootComputed = rootComputed{VolumeID: newID("vol"), DeviceName: rootDevice}
	return &out
}

// changed is the volume after an update in place, which only ever grows it.
func (d RootBlockDevice) changed(next *RootBlockDevice) (*RootBlockDevice, error) {
	if next == nil {
		return &d, nil
	}
	if next.VolumeSize != 0 && next.VolumeSize < d.VolumeSize {
		return nil, refuse("InvalidParameterValue", "New size cannot be smaller than existing size")
	}
	d.VolumeSize, d.VolumeType = cmp.Or(next.VolumeSize, d.VolumeSize), cmp.Or(next.VolumeType, d.VolumeType)
	d.DeleteOnTermination = cmp.Or(next.DeleteOnTermination, d.DeleteOnTermination)
	d.Tags = next.Tags
	if err := checkVolume(d.VolumeType, d.VolumeSize); err != nil {
		return nil, err
	}
	return &d, (&Tagged{Tags: d.Tags}).settle()
}
