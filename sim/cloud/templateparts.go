package cloud

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ProfileReference names an instance profile.
type ProfileReference struct {
	Name string `json:"name,omitempty"`
	ARN  string `json:"arn,omitempty"`
}

// TemplateInterface is what a launch template says of the first interface.
type TemplateInterface struct {
	DeviceIndex              int      `json:"deviceIndex,omitempty"`
	AssociatePublicIPAddress string   `json:"associatePublicIpAddress,omitempty"`
	DeleteOnTermination      string   `json:"deleteOnTermination,omitempty"`
	SecurityGroups           []string `json:"securityGroups,omitempty"`
	SubnetID                 string   `json:"subnetId,omitempty"`
}

// BlockDeviceMapping is a volume of a launch template.
type BlockDeviceMapping struct {
	DeviceName string `json:"deviceName,omitempty"`
	EBS        *EBS   `json:"ebs,omitempty"`
}

// EBS says what a volume of a launch template is like.
type EBS struct {
	VolumeSize          int    `json:"volumeSize,omitempty"`
	VolumeType          string `json:"volumeType,omitempty"`
	Encrypted           string `json:"encrypted,omitempty"`
	DeleteOnTermination string `json:"deleteOnTermination,omitempty"`
}

// TagSpecification are tags for one type of thing that a launch makes.
type TagSpecification struct {
	ResourceType string            `json:"resourceType,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
}

var templateName = regexp.MustCompile(`^[0-9A-Za-z()./_-]{3,125}$`)

func (t *LaunchTemplate) check() error {
	if !templateName.MatchString(t.Name) {
		return refuse("InvalidLaunchTemplateName.MalformedException", "The specified launch template name '%s' is not valid.", t.Name)
	}
	if len(t.Description) > 255 {
		return refuse("InvalidParameterValue", "The version description of launch template %s is longer than 255 characters.", t.Name)
	}
	raw, err := base64.StdEncoding.DecodeString(t.UserData)
	if err != nil {
		return refuse("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(raw) > maxUserData {
		return refuse("InvalidUserData.Malformed", "User data is limited to %d bytes", maxUserData)
	}
	if p := t.IAMInstanceProfile; p != nil && (p.Name == "") == (p.ARN == "") {
		return refuse("InvalidParameterCombination", "Exactly one of the name and the ARN of an instance profile must be specified")
	}
	for _, check := range []func() error{t.MetadataOptions.check, t.checkInterfaces, t.checkDevices, t.checkTags} {
		if err := check(); err != nil {
			return err
		}
	}
	return t.settle()
}

func (t *LaunchTemplate) checkInterfaces() error {
	if len(t.NetworkInterfaces) > 1 {
		return refuse("InvalidParameterValue", "The simulator models one network interface only")
	}
	for _, n := range t.NetworkInterfaces {
		if n.DeviceIndex != 0 || n.DeleteOnTermination == "false" {
			return refuse("InvalidParameterValue", "The simulator models the primary network interface only, which goes with its instance")
		}
		if err := checkFlags(n.AssociatePublicIPAddress, n.DeleteOnTermination); err != nil {
			return err
		}
	}
	return nil
}

func (t *LaunchTemplate) checkDevices() error {
	if len(t.BlockDeviceMappings) > 1 {
		return refuse("InvalidParameterValue", "The simulator models the root volume only")
	}
	for _, b := range t.BlockDeviceMappings {
		if b.DeviceName != rootDevice {
			return refuse("InvalidParameterValue", "The simulator models the root volume %s only, not %s", rootDevice, b.DeviceName)
		}
		if b.EBS == nil {
			continue
		}
		if err := checkFlags(b.EBS.Encrypted, b.EBS.DeleteOnTermination); err != nil {
			return err
		}
	}
	return nil
}

// checkFlags checks booleans that the provider writes as text, "" for neither.
func checkFlags(values ...string) error {
	for _, v := range values {
		if !slices.Contains([]string{"", "true", "false"}, v) {
			return refuse("InvalidParameterValue", "Value (%s) is invalid: it is true or false", v)
		}
	}
	return nil
}

func (t *LaunchTemplate) checkTags() error {
	for _, spec := range t.TagSpecifications {
		if spec.ResourceType != "instance" && spec.ResourceType != "volume" {
			return refuse("InvalidParameterValue", "The simulator models tags of instance and volume, not of %q", spec.ResourceType)
		}
		if err := (&Tagged{Tags: spec.Tags}).settle(); err != nil {
			return err
		}
	}
	return nil
}

// ProfileName is the name of the instance profile that launches get, or "".
func (t *LaunchTemplate) ProfileName() string {
	p := t.IAMInstanceProfile
	if p == nil {
		return ""
	}
	return p.Name + p.ARN[strings.LastIndex(p.ARN, "/")+1:]
}

// TagsOf are the tags that a launch gives a type of thing, "instance" or "volume".
func (t *LaunchTemplate) TagsOf(resourceType string) map[string]string {
	tags := map[string]string{}
	for _, spec := range t.TagSpecifications {
		if spec.ResourceType == resourceType {
			maps.Copy(tags, spec.Tags)
		}
	}
	return tags
}

// Groups are the security groups that launches get; none means the VPC's own.
func (t *LaunchTemplate) Groups() []string {
	if len(t.NetworkInterfaces) > 0 {
		return t.NetworkInterfaces[0].SecurityGroups
	}
	return t.VPCSecurityGroupIDs
}

// SubnetID is where launches go that do not say where, or "".
func (t *LaunchTemplate) SubnetID() string {
	if len(t.NetworkInterfaces) > 0 {
		return t.NetworkInterfaces[0].SubnetID
	}
	return ""
}
