package cloud

import (
	"encoding/base64"
	"strconv"
)

// version resolves $Latest, $Default and numbers. Only the newest version can
// be launched from, as only that one is kept.
func (t *LaunchTemplate) version(want string) error {
	if want == "$Default" && t.DefaultVersion == t.LatestVersion || want == "$Latest" || want == strconv.Itoa(t.LatestVersion) {
		return nil
	}
	return refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", want, t.ID)
}

// instance is what a launch from the template asks for, before overrides.
func (t *LaunchTemplate) instance() (*Instance, error) {
	if len(t.NetworkInterfaces) > 0 && len(t.VPCSecurityGroupIDs) > 0 {
		return nil, refuse("InvalidParameterCombination", "Network interfaces and an instance-level security groups may not be specified on the same request")
	}
	i := &Instance{
		AMI: t.ImageID, InstanceType: t.InstanceType, VPCSecurityGroupIDs: t.Groups(), SubnetID: t.SubnetID(),
		MetadataOptions: t.MetadataOptions, IAMInstanceProfile: t.ProfileName(),
		RootBlockDevice: &RootBlockDevice{Tags: t.TagsOf("volume")},
	}
	i.Tags = t.TagsOf("instance")
	if raw, err := base64.StdEncoding.DecodeString(t.UserData); err == nil { // check saw to it
		i.UserData, i.Script = t.UserData, string(raw)
	}
	for _, n := range t.NetworkInterfaces {
		i.AssociatePublicIPAddress = flag(n.AssociatePublicIPAddress)
	}
	for _, b := range t.BlockDeviceMappings {
		if b.EBS != nil { // check sees to it that this is the root volume
			d := i.RootBlockDevice
			d.VolumeSize, d.VolumeType = b.EBS.VolumeSize, b.EBS.VolumeType
			d.Encrypted, d.DeleteOnTermination = b.EBS.Encrypted == "true", flag(b.EBS.DeleteOnTermination)
		}
	}
	return i, nil
}

// flag reads a boolean that the provider writes as text; "" is neither.
func flag(text string) *bool {
	if text == "" {
		return nil
	}
	set := text == "true"
	return &set
}
