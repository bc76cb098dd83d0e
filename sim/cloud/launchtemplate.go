package cloud

import (
	"encoding/base64"
	"maps"
	"regexp"
	"strconv"
)

// LaunchTemplate is aws:ec2/launchTemplate:LaunchTemplate. The model keeps the
// newest version; it is also the default one.
type LaunchTemplate struct {
	ID                   string               `json:"id"`
	Name                 string               `json:"name"`
	Description          string               `json:"description,omitempty"`
	ImageID              string               `json:"imageId,omitempty"`
	InstanceType         string               `json:"instanceType,omitempty"`
	UserData             string               `json:"userData,omitempty"` // base64
	IAMInstanceProfile   *ProfileReference    `json:"iamInstanceProfile,omitempty"`
	MetadataOptions      *MetadataOptions     `json:"metadataOptions,omitempty"`
	NetworkInterfaces    []NetworkInterface   `json:"networkInterfaces,omitempty"`
	VPCSecurityGroupIDs  []string             `json:"vpcSecurityGroupIds,omitempty"`
	BlockDeviceMappings  []BlockDeviceMapping `json:"blockDeviceMappings,omitempty"`
	TagSpecifications    []TagSpecification   `json:"tagSpecifications,omitempty"`
	UpdateDefaultVersion bool                 `json:"updateDefaultVersion,omitempty"`
	Tagged
	templateComputed
}

type templateComputed struct {
	ARN            string `json:"arn"`
	LatestVersion  int    `json:"latestVersion"`
	DefaultVersion int    `json:"defaultVersion"`
}

// ProfileReference names an instance profile.
type ProfileReference struct {
	Name string `json:"name,omitempty"`
	ARN  string `json:"arn,omitempty"`
}

// NetworkInterface is what a launch template says of the first interface.
type NetworkInterface struct {
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

var templateName = regexp.MustCompile(`^[0-9A-Za-z()./_-]{3,128}$`)

// CreateLaunchTemplate makes version 1. Whether its parts exist is asked only
// when it is launched from.
func (a *Account) CreateLaunchTemplate(t *LaunchTemplate) error {
	return a.change(func(m *model) error {
		if err := t.check(); err != nil {
			return err
		}
		for _, other := range m.LaunchTemplates {
			if other.Name == t.Name {
				return refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
			}
		}
		t.ID = newID("lt")
		t.templateComputed = templateComputed{ARN: a.arn("ec2", "launch-template/"+t.ID), LatestVersion: 1, DefaultVersion: 1}
		m.LaunchTemplates[t.ID] = t
		return nil
	})
}

func (t *LaunchTemplate) check() error {
	if !templateName.MatchString(t.Name) {
		return refuse("InvalidLaunchTemplateName.MalformedException", "The specified launch template name '%s' is not valid.", t.Name)
	}
	if raw, err := base64.StdEncoding.DecodeString(t.UserData); err != nil || len(raw) > 16384 {
		return refuse("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	for _, b := range t.BlockDeviceMappings {
		if b.DeviceName != rootDevice {
			return refuse("InvalidParameterValue", "The simulator models the root volume %s only, not %s", rootDevice, b.DeviceName)
		}
	}
	for _, spec := range t.TagSpecifications {
		if err := (&Tagged{Tags: spec.Tags}).settle(); err != nil {
			return err
		}
	}
	return t.settle()
}

// LaunchTemplate returns one launch template.
func (a *Account) LaunchTemplate(id string) (*LaunchTemplate, error) { return templates.lookup(a, id) }

// UpdateLaunchTemplate makes a new version.
func (a *Account) UpdateLaunchTemplate(id string, t *LaunchTemplate) error {
	return templates.update(a, id, t, func(_ *model, cur *LaunchTemplate) error {
		t.ID, t.templateComputed = id, cur.templateComputed
		t.LatestVersion++
		if t.UpdateDefaultVersion {
			t.DefaultVersion = t.LatestVersion
		}
		return t.check()
	})
}

// DeleteLaunchTemplate removes all versions.
func (a *Account) DeleteLaunchTemplate(id string) error { return templates.remove(a, id, nil) }

// version resolves $Latest, $Default and numbers. Only the newest version can
// be launched from, as only that one is kept.
func (t *LaunchTemplate) version(want string) error {
	if want == "$Default" && t.DefaultVersion == t.LatestVersion || want == "$Latest" || want == strconv.Itoa(t.LatestVersion) {
		return nil
	}
	return refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", want, t.ID)
}

// instance is what a launch from the template asks for, before overrides.
func (t *LaunchTemplate) instance() *Instance {
	i := &Instance{
		AMI: t.ImageID, InstanceType: t.InstanceType, VPCSecurityGroupIDs: t.VPCSecurityGroupIDs,
		MetadataOptions: t.MetadataOptions,
	}
	if raw, err := base64.StdEncoding.DecodeString(t.UserData); err == nil {
		i.UserData, i.Script = t.UserData, string(raw)
	}
	if p := t.IAMInstanceProfile; p != nil {
		i.IAMInstanceProfile = p.Name
	}
	for _, n := range t.NetworkInterfaces {
		i.VPCSecurityGroupIDs = n.SecurityGroups
		i.SubnetID = n.SubnetID
		if n.AssociatePublicIPAddress != "" {
			public := n.AssociatePublicIPAddress == "true"
			i.AssociatePublicIPAddress = &public
		}
	}
	for _, b := range t.BlockDeviceMappings {
		if b.EBS != nil { // check sees to it that this is the root volume
			i.RootBlockDevice = &RootBlockDevice{
				VolumeSize: b.EBS.VolumeSize, VolumeType: b.EBS.VolumeType, Encrypted: b.EBS.Encrypted == "true",
			}
		}
	}
	i.Tags = map[string]string{}
	for _, spec := range t.TagSpecifications {
		if spec.ResourceType == "instance" {
			maps.Copy(i.Tags, spec.Tags)
		}
	}
	return i
}
