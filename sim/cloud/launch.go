package cloud

import (
	"cmp"
	"maps"
)

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
	worn, err := i.wear(m)
	if err != nil {
		return err
	}
	image, err := a.checkLaunch(m, i)
	if err != nil {
		return err
	}
	s := m.Subnets[i.SubnetID]
	if worn == nil {
		if i.PrivateIP, err = m.freeAddress(s, i.PrivateIP); err != nil {
			return err
		}
	}
	i.ID = newID("i")
	i.ARN = a.arn("ec2", "instance/"+i.ID)
	i.InstanceState, i.LaunchTime = "pending", a.now()
	i.AvailabilityZone = s.AvailabilityZone
	i.PrivateDNS = a.privateDNS(i.PrivateIP)
	switch {
	case worn != nil: // EC2 gives one that is there no public address
		i.PrimaryNetworkInterfaceID, worn.InstanceID = worn.ID, i.ID
		if e := m.elastic(worn.ID); e != nil {
			e.Instance = i.ID
			m.setPublicIP(a, i, e.PublicIP)
		}
	case *cmp.Or(i.AssociatePublicIPAddress, s.MapPublicIPOnLaunch, new(bool)):
		i.PrimaryNetworkInterfaceID = newID("eni")
		m.setPublicIP(a, i, m.newPublicIP())
	default:
		i.PrimaryNetworkInterfaceID = newID("eni")
	}
	i.MetadataOptions, i.RootBlockDevice = i.MetadataOptions.filled(metadataDefaults), i.RootBlockDevice.settled(image)
	if len(i.VolumeTags) > 0 {
		i.RootBlockDevice.Tags = i.VolumeTags
	}
	i.UserData = shown(i.UserData)
	m.forget(a)
	m.Instances.keep(i.ID, i)
	a.boot(*i)
	return nil
}

// forget drops instances that ended long ago.
func (m *model) forget(a *Account) {
	for id, i := range m.Instances {
		if i.forgotten(a.now()) {
			delete(m.Instances, id)
		}
	}
}

func (a *Account) checkLaunch(m *model, i *Instance) (Image, error) {
	image, err := a.image(m, i.AMI)
	if err != nil {
		return image, err
	}
	if i.SubnetID == "" {
		return image, refuse("VPCIdNotSpecified", "No default VPC for this user. Say which subnet the instance is for.")
	}
	s, err := subnets.get(m, i.SubnetID)
	if err != nil {
		return image, err
	}
	if err := a.checkType(i.InstanceType, image.Architecture, s.AvailabilityZone); err != nil {
		return image, err
	}
	if len(i.VPCSecurityGroupIDs) == 0 {
		i.VPCSecurityGroupIDs = []string{m.VPCs[s.VPCID].DefaultSecurityGroupID}
	}
	if err := i.checkDetails(m, s); err != nil {
		return image, err
	}
	if err := i.RootBlockDevice.check(image); err != nil {
		return image, err
	}
	if err := m.checkSpot(i); err != nil {
		return image, err
	}
	if len(i.VolumeTags) > 0 && i.RootBlockDevice != nil && len(i.RootBlockDevice.Tags) > 0 {
		return image, refuse("InvalidParameterCombination", "Tags of volumes and of the root volume may not both be specified")
	}
	if err := (&Tagged{Tags: i.VolumeTags}).settle(); err != nil {
		return image, err
	}
	if m.Faults.refuses(i.InstanceType, s.AvailabilityZone, i.market()) {
		return image, refuseStatus(500, "InsufficientInstanceCapacity", "We currently do not have sufficient %s capacity in the Availability Zone you requested (%s). Our system will be working on provisioning additional capacity.", i.InstanceType, s.AvailabilityZone)
	}
	return image, i.settle()
}

func (a *Account) checkType(name, architecture, zone string) error {
	kind, err := a.InstanceType(name)
	if err != nil {
		return refuse("InvalidParameterValue", "Invalid value '%s' for InstanceType.", name)
	}
	if kind.Architecture != architecture {
		return refuse("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.", kind.Architecture, architecture)
	}
	if !kind.offeredIn(zone) {
		return refuse("Unsupported", "Your requested instance type (%s) is not supported in your requested Availability Zone (%s). Please retry your request by not specifying an Availability Zone or choosing another.", name, zone)
	}
	return nil
}

// checkDetails checks what can also be changed later.
func (i *Instance) checkDetails(m *model, s *Subnet) error {
	if err := m.checkGroups(i.VPCSecurityGroupIDs, s); err != nil {
		return err
	}
	if p := i.IAMInstanceProfile; p != "" && m.InstanceProfiles[p] == nil {
		return refuse("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", p)
	}
	if len(i.Script) > maxUserData {
		return refuse("InvalidParameterValue", "User data is limited to %d bytes", maxUserData)
	}
	return i.MetadataOptions.check()
}

// checkGroups refuses groups that are not there, or not in the subnet's VPC.
func (m *model) checkGroups(ids []string, s *Subnet) error {
	for _, id := range ids {
		g, err := groups.get(m, id)
		if err != nil {
			return err
		}
		if g.VPCID != s.VPCID {
			return refuse("InvalidParameter", "Security group %s and subnet %s belong to different networks.", g.ID, s.ID)
		}
	}
	return nil
}

// maxUserData is the most user data there is, in bytes before they are encoded.
const maxUserData = 16384

// UpdateInstance changes what needs no replacement. What is left out stays.
// Another type or other user data is for a machine that is off: it is stopped
// and started again, and has another public address then, unless that is an
// elastic one.
func (a *Account) UpdateInstance(id string, i *Instance) error {
	return instances.update(a, id, i, func(m *model, cur *Instance) error {
		if cur.Gone() {
			return refuse("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be modified.", id)
		}
		i.ID, i.AMI, i.instanceComputed = id, cur.AMI, cur.instanceComputed
		i.SubnetID, i.PrivateIP, i.AssociatePublicIPAddress = cur.SubnetID, cur.PrivateIP, cur.AssociatePublicIPAddress
		i.NetworkInterfaces = cur.NetworkInterfaces
		if !maps.Equal(i.VolumeTags, cur.VolumeTags) && !maps.Equal(i.VolumeTags, m.volumeTags(cur)) {
			return refuse("InvalidParameterValue", "The simulator gives volumes the tags of their instance at launch only")
		}
		i.VolumeTags = cur.VolumeTags
		if len(i.VPCSecurityGroupIDs) == 0 {
			i.VPCSecurityGroupIDs = cur.VPCSecurityGroupIDs
		}
		image, err := a.image(m, cur.AMI)
		if err != nil {
			return err
		}
		if err := a.checkType(i.InstanceType, image.Architecture, cur.AvailabilityZone); err != nil {
			return err
		}
		if i.UserData == "" {
			i.UserData = cur.UserData
		} else {
			i.Script, i.UserData = i.UserData, shown(i.UserData)
		}
		if i.RootBlockDevice, err = cur.RootBlockDevice.changed(i.RootBlockDevice); err != nil {
			return err
		}
		i.MetadataOptions = i.MetadataOptions.filled(*cur.MetadataOptions)
		if err := i.checkDetails(m, m.Subnets[cur.SubnetID]); err != nil {
			return err
		}
		if i.InstanceType != cur.InstanceType || i.Script != cur.Script {
			a.restart(m, i)
		}
		return i.settle()
	})
}

// restart stops and starts a machine.
func (a *Account) restart(m *model, i *Instance) {
	if i.PublicIP != "" && !m.isElastic(i.PublicIP) {
		m.setPublicIP(a, i, m.newPublicIP())
	}
	again := *i
	a.later(func() { a.opts.Hypervisor.Restart(again) })
}
