package cloud

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// InstanceProfile is aws:iam/instanceProfile:InstanceProfile.
type InstanceProfile struct {
	ID   string `json:"id"` // its name
	Name string `json:"name"`
	Role string `json:"role,omitempty"`
	Path string `json:"path"`
	Tagged
	profileComputed
}

type profileComputed struct {
	ARN        string `json:"arn"`
	UniqueID   string `json:"uniqueId"`
	CreateDate string `json:"createDate"`
}

// CreateInstanceProfile makes a profile that holds at most one role.
func (a *Account) CreateInstanceProfile(p *InstanceProfile) error {
	return a.change(func(m *model) error {
		if !iamName.MatchString(p.Name) {
			return refuse("ValidationError", "Value '%s' at 'instanceProfileName' is not valid", p.Name)
		}
		for _, other := range m.InstanceProfiles {
			if strings.EqualFold(other.Name, p.Name) {
				return refuseStatus(409, "EntityAlreadyExists", "Instance Profile %s already exists.", p.Name)
			}
		}
		if err := p.check(m); err != nil {
			return err
		}
		p.ID = p.Name
		p.profileComputed = profileComputed{
			ARN: a.iamARN("instance-profile" + p.Path + p.Name), UniqueID: uniqueID("AIPA"),
			CreateDate: a.now().Format(time.RFC3339),
		}
		m.InstanceProfiles.keep(p.ID, p)
		return nil
	})
}

func (p *InstanceProfile) check(m *model) error {
	p.Path = cmp.Or(p.Path, "/")
	if !iamPath.MatchString(p.Path) {
		return refuse("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	if p.Role != "" && m.Roles[p.Role] == nil {
		return refuseStatus(404, "NoSuchEntity", "The role with name %s cannot be found.", p.Role)
	}
	return p.settle()
}

// InstanceProfile returns one profile.
func (a *Account) InstanceProfile(name string) (*InstanceProfile, error) {
	return profiles.lookup(a, name)
}

// UpdateInstanceProfile changes the role and tags.
func (a *Account) UpdateInstanceProfile(name string, p *InstanceProfile) error {
	return profiles.update(a, name, p, func(m *model, cur *InstanceProfile) error {
		p.ID, p.Name, p.Path, p.profileComputed = name, cur.Name, cur.Path, cur.profileComputed
		return p.check(m)
	})
}

// DeleteInstanceProfile removes a profile, also while an instance uses it.
func (a *Account) DeleteInstanceProfile(name string) error { return profiles.remove(a, name, nil) }

// InstanceProfilesAt are those whose path begins so, by their names.
func (a *Account) InstanceProfilesAt(path string) []InstanceProfile {
	var out []InstanceProfile
	_ = a.view(func(m *model) error {
		for _, name := range slices.Sorted(maps.Keys(m.InstanceProfiles)) {
			if p := m.InstanceProfiles[name]; strings.HasPrefix(p.Path, path) {
				out = append(out, *p)
			}
		}
		return nil
	})
	return out
}
