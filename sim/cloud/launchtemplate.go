package cloud

import "encoding/json"

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
	NetworkInterfaces    []TemplateInterface  `json:"networkInterfaces,omitempty"`
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
		m.LaunchTemplates.keep(t.ID, t)
		return nil
	})
}

// LaunchTemplate returns one launch template.
func (a *Account) LaunchTemplate(id string) (*LaunchTemplate, error) { return templates.lookup(a, id) }

// UpdateLaunchTemplate makes a new version, unless only tags change.
func (a *Account) UpdateLaunchTemplate(id string, t *LaunchTemplate) error {
	return templates.update(a, id, t, func(_ *model, cur *LaunchTemplate) error {
		t.ID, t.Name, t.templateComputed = id, cur.Name, cur.templateComputed
		if t.content() != cur.content() {
			t.LatestVersion++
			if t.UpdateDefaultVersion {
				t.DefaultVersion = t.LatestVersion
			}
		}
		return t.check()
	})
}

// content is what a version holds: tags are the template's own.
func (t LaunchTemplate) content() string {
	t.Tagged, t.templateComputed, t.UpdateDefaultVersion = Tagged{}, templateComputed{}, false
	raw, _ := json.Marshal(t) // plain data
	return string(raw)
}

// DeleteLaunchTemplate removes all versions.
func (a *Account) DeleteLaunchTemplate(id string) error { return templates.remove(a, id, nil) }
