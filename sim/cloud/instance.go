package cloud

import (
	"crypto/sha1" // the provider's own choice for what it shows of user data
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Instance is aws:ec2/instance:Instance, and what CreateFleet launches.
type Instance struct {
	ID                       string           `json:"id"`
	AMI                      string           `json:"ami"`
	InstanceType             string           `json:"instanceType"`
	SubnetID                 string           `json:"subnetId,omitempty"`
	VPCSecurityGroupIDs      []string         `json:"vpcSecurityGroupIds,omitempty"`
	PrivateIP                string           `json:"privateIp,omitempty"`
	AssociatePublicIPAddress *bool            `json:"associatePublicIpAddress,omitempty"`
	IAMInstanceProfile       string           `json:"iamInstanceProfile,omitempty"`
	UserData                 string           `json:"userData,omitempty"`
	UserDataReplaceOnChange  bool             `json:"userDataReplaceOnChange,omitempty"`
	DisableAPITermination    bool             `json:"disableApiTermination,omitempty"`
	MetadataOptions          *MetadataOptions `json:"metadataOptions,omitempty"`
	RootBlockDevice          *RootBlockDevice `json:"rootBlockDevice,omitempty"`
	Tagged
	instanceComputed
}

type instanceComputed struct {
	ARN                       string `json:"arn"`
	InstanceState             string `json:"instanceState"`
	AvailabilityZone          string `json:"availabilityZone"`
	PrimaryNetworkInterfaceID string `json:"primaryNetworkInterfaceId"`
	PrivateDNS                string `json:"privateDns"`
	PublicIP                  string `json:"publicIp"`
	PublicDNS                 string `json:"publicDns"`

	// What only this model needs to know.
	Script      string    `json:"script"` // the user data itself
	LaunchTime  time.Time `json:"launchTime"`
	EndTime     time.Time `json:"endTime"`
	StateReason string    `json:"stateReason"`
	FleetID     string    `json:"fleetId"`
}

// MetadataOptions say how instance metadata is served.
type MetadataOptions struct {
	HTTPEndpoint            string `json:"httpEndpoint,omitempty"`
	HTTPTokens              string `json:"httpTokens,omitempty"`
	HTTPPutResponseHopLimit int    `json:"httpPutResponseHopLimit,omitempty"`
	InstanceMetadataTags    string `json:"instanceMetadataTags,omitempty"`
}

// RootBlockDevice is the volume that an instance starts from.
type RootBlockDevice struct {
	VolumeSize          int               `json:"volumeSize,omitempty"` // GiB
	VolumeType          string            `json:"volumeType,omitempty"`
	Encrypted           bool              `json:"encrypted,omitempty"`
	DeleteOnTermination *bool             `json:"deleteOnTermination,omitempty"`
	Tags                map[string]string `json:"tags,omitempty"`
	VolumeID            string            `json:"volumeId,omitempty"`
	DeviceName          string            `json:"deviceName,omitempty"`
}

// Gone reports whether the instance is ending or has ended.
func (i *Instance) Gone() bool {
	return i.InstanceState == "shutting-down" || i.InstanceState == "terminated"
}

// CreateInstance launches one instance, as RunInstances does for a deployment.
func (a *Account) CreateInstance(i *Instance) error {
	return a.change(func(m *model) error {
		if i.Script == "" {
			i.Script = i.UserData
		}
		return a.launch(m, i)
	})
}

// launch checks everything that EC2 checks, then starts the instance.
func (a *Account) launch(m *model, i *Instance) error {
	image, err := a.checkLaunch(m, i)
	if err != nil {
		return err
	}
	s := m.Subnets[i.SubnetID]
	if i.PrivateIP, err = m.freeAddress(s, i.PrivateIP); err != nil {
		return err
	}
	i.ID = newID("i")
	i.ARN = a.arn("ec2", "instance/"+i.ID)
	i.InstanceState, i.LaunchTime = "pending", a.now()
	i.AvailabilityZone = s.AvailabilityZone
	i.PrimaryNetworkInterfaceID = newID("eni")
	i.PrivateDNS = "ip-" + strings.ReplaceAll(i.PrivateIP, ".", "-") + "." + a.opts.Region + ".compute.internal"
	if public := i.AssociatePublicIPAddress; public != nil && *public || public == nil && s.MapPublicIPOnLaunch != nil && *s.MapPublicIPOnLaunch {
		m.setPublicIP(a, i, m.newPublicIP())
	}
	i.settleDevices(image)
	i.UserData = shown(i.UserData)
	m.Instances[i.ID] = i
	machine := *i
	a.later(func() {
		a.opts.Hypervisor.Launch(machine)
		a.setState(machine.ID, "running", "")
	})
	return nil
}

func (a *Account) checkLaunch(m *model, i *Instance) (Image, error) {
	image, err := a.Image(i.AMI)
	if err != nil {
		return image, err
	}
	kind, err := a.InstanceType(i.InstanceType)
	if err != nil {
		return image, refuse("InvalidParameterValue", "Invalid value '%s' for InstanceType.", i.InstanceType)
	}
	if kind.Architecture != image.Architecture {
		return image, refuse("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.", kind.Architecture, image.Architecture)
	}
	s, err := subnets.get(m, i.SubnetID)
	if err != nil {
		return image, err
	}
	if len(i.VPCSecurityGroupIDs) == 0 {
		i.VPCSecurityGroupIDs = []string{m.VPCs[s.VPCID].DefaultSecurityGroupID}
	}
	for _, id := range i.VPCSecurityGroupIDs {
		g, err := groups.get(m, id)
		if err != nil {
			return image, err
		}
		if g.VPCID != s.VPCID {
			return image, refuse("InvalidParameter", "Security group %s and subnet %s belong to different networks.", g.ID, s.ID)
		}
	}
	if err := i.checkDetails(m, image); err != nil {
		return image, err
	}
	if m.Faults.refuses(i.InstanceType, s.AvailabilityZone) {
		return image, refuseStatus(500, "InsufficientInstanceCapacity", "We currently do not have sufficient %s capacity in the Availability Zone you requested (%s). Our system will be working on provisioning additional capacity.", i.InstanceType, s.AvailabilityZone)
	}
	return image, i.settle()
}

func (i *Instance) checkDetails(m *model, image Image) error {
	if p := i.IAMInstanceProfile; p != "" && m.InstanceProfiles[p] == nil {
		return refuse("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", p)
	}
	if len(i.Script) > 16384 {
		return refuse("InvalidParameterValue", "User data is limited to 16384 bytes")
	}
	if d := i.RootBlockDevice; d != nil && d.VolumeSize != 0 && d.VolumeSize < image.RootGiB {
		return refuse("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than snapshot of image %s, expect size >= %dGB", d.VolumeSize, image.ID, image.RootGiB)
	}
	return nil
}

func (i *Instance) settleDevices(image Image) {
	if i.MetadataOptions == nil {
		i.MetadataOptions = &MetadataOptions{HTTPEndpoint: "enabled", HTTPTokens: "optional", HTTPPutResponseHopLimit: 1, InstanceMetadataTags: "disabled"}
	}
	if i.RootBlockDevice == nil {
		i.RootBlockDevice = &RootBlockDevice{}
	}
	d := i.RootBlockDevice
	if d.VolumeSize == 0 {
		d.VolumeSize = image.RootGiB
	}
	if d.VolumeType == "" {
		d.VolumeType = "gp3"
	}
	yes := true
	if d.DeleteOnTermination == nil {
		d.DeleteOnTermination = &yes
	}
	d.VolumeID, d.DeviceName = newID("vol"), rootDevice
}

// shown is what the provider keeps of user data in its state: a digest.
func shown(data string) string {
	if data == "" {
		return ""
	}
	raw := []byte(data)
	if decoded, err := base64.StdEncoding.DecodeString(data); err == nil {
		raw = decoded
	}
	sum := sha1.Sum(raw)
	return hex.EncodeToString(sum[:])
}

// setState moves an instance to a state, unless it is further on already.
func (a *Account) setState(id, state, reason string) {
	_ = a.change(func(m *model) error {
		i := m.Instances[id]
		if i == nil || i.InstanceState == "terminated" || state == "running" && i.Gone() {
			return nil
		}
		i.InstanceState = state
		if reason != "" {
			i.StateReason = reason
		}
		if state == "terminated" {
			m.release(i, a.now())
		}
		return nil
	})
}

// release gives back what a terminated instance held.
func (m *model) release(i *Instance, now time.Time) {
	i.EndTime = now
	i.SubnetID, i.PrivateIP, i.PublicIP, i.PrivateDNS, i.PublicDNS = "", "", "", "", ""
	i.VPCSecurityGroupIDs = nil
	for _, e := range m.Addresses {
		if e.Instance == i.ID {
			e.Instance, e.AssociationID = "", ""
		}
	}
	for key, v := range m.Attachments {
		if v.InstanceID == i.ID {
			delete(m.Attachments, key)
		}
	}
}

// Instance returns one instance, an ended one too while it is remembered.
func (a *Account) Instance(id string) (*Instance, error) {
	return instances.lookup(a, id)
}

// Instances returns all that are remembered: those that run, and those that
// ended less than an hour ago.
func (a *Account) Instances() []Instance {
	var out []Instance
	_ = a.view(func(m *model) error {
		for _, i := range m.Instances {
			if i.InstanceState != "terminated" || a.now().Sub(i.EndTime) < time.Hour {
				out = append(out, *i)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(x, y Instance) int { return x.LaunchTime.Compare(y.LaunchTime) })
	return out
}

// InstanceAt finds the instance that has a private or public address.
func (a *Account) InstanceAt(address string) (id string, ok bool) {
	_ = a.view(func(m *model) error {
		for _, i := range m.Instances {
			if address != "" && !i.Gone() && (i.PrivateIP == address || i.PublicIP == address) {
				id, ok = i.ID, true
			}
		}
		return nil
	})
	return id, ok
}

// Settle marks an instance as terminated, once its machine is off.
func (a *Account) Settle(id string) { a.setState(id, "terminated", "") }

// UpdateInstance changes what needs no replacement.
func (a *Account) UpdateInstance(id string, i *Instance) error {
	return instances.update(a, id, i, func(m *model, cur *Instance) error {
		for _, g := range i.VPCSecurityGroupIDs {
			if _, err := groups.get(m, g); err != nil {
				return err
			}
		}
		if p := i.IAMInstanceProfile; p != "" && m.InstanceProfiles[p] == nil {
			return refuse("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", p)
		}
		root := *cur.RootBlockDevice
		if d := i.RootBlockDevice; d != nil {
			if d.VolumeSize != 0 && d.VolumeSize < root.VolumeSize {
				return refuse("InvalidParameterValue", "New size cannot be smaller than existing size")
			}
			root.VolumeSize = max(d.VolumeSize, root.VolumeSize)
			root.Tags = d.Tags
		}
		i.ID, i.instanceComputed, i.RootBlockDevice = id, cur.instanceComputed, &root
		i.SubnetID, i.PrivateIP = cur.SubnetID, cur.PrivateIP
		if i.UserData != "" {
			i.Script, i.UserData = i.UserData, shown(i.UserData)
		}
		if i.MetadataOptions == nil {
			i.MetadataOptions = cur.MetadataOptions
		}
		return i.settle()
	})
}

// Terminate ends instances; one unknown id refuses the whole call. protected
// instances are refused unless force is set, as the provider does.
func (a *Account) Terminate(ids []string, force bool) error {
	return a.change(func(m *model) error {
		for _, id := range ids {
			i, err := instances.get(m, id)
			if err != nil {
				return err
			}
			if i.DisableAPITermination && !force {
				return refuse("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", id)
			}
		}
		for _, id := range ids {
			i := m.Instances[id]
			if i.Gone() {
				continue
			}
			i.InstanceState, i.StateReason = "shutting-down", "Client.UserInitiatedShutdown"
			a.later(func() {
				a.opts.Hypervisor.Terminate(id, func() { a.Settle(id) })
			})
		}
		return nil
	})
}
