package cloud

import (
	"regexp"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// Role is aws:iam/role:Role.
type Role struct {
	ID                 string `json:"id"` // its name
	Name               string `json:"name"`
	AssumeRolePolicy   string `json:"assumeRolePolicy"`
	Description        string `json:"description,omitempty"`
	MaxSessionDuration int    `json:"maxSessionDuration,omitempty"`
	Tagged
	roleComputed
}

type roleComputed struct {
	ARN        string `json:"arn"`
	UniqueID   string `json:"uniqueId"`
	CreateDate string `json:"createDate"`
	Path       string `json:"path"`
}

var iamName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)

// CreateRole makes a role; names are unique in the account, whatever the case.
func (a *Account) CreateRole(r *Role) error {
	return a.change(func(m *model) error {
		if err := r.check(); err != nil {
			return err
		}
		for _, other := range m.Roles {
			if strings.EqualFold(other.Name, r.Name) {
				return refuseStatus(409, "EntityAlreadyExists", "Role with name %s already exists.", r.Name)
			}
		}
		r.ID = r.Name
		r.roleComputed = roleComputed{
			ARN: a.iamARN("role/" + r.Name), UniqueID: uniqueID("AROA"), Path: "/",
			CreateDate: a.now().Format(time.RFC3339),
		}
		m.Roles[r.ID] = r
		return nil
	})
}

func (r *Role) check() error {
	switch {
	case !iamName.MatchString(r.Name) || len(r.Name) > 64:
		return refuse("ValidationError", "1 validation error detected: Value '%s' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64", r.Name)
	case len(r.Description) > 1000:
		return refuse("ValidationError", "The description of role %s is longer than 1000 characters", r.Name)
	case len(compact(r.AssumeRolePolicy)) > 2048:
		return refuseStatus(409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
	case r.MaxSessionDuration != 0 && (r.MaxSessionDuration < 3600 || r.MaxSessionDuration > 43200):
		return refuse("ValidationError", "expected max_session_duration to be in the range (3600 - 43200), got %d", r.MaxSessionDuration)
	}
	if _, err := iam.Parse(r.AssumeRolePolicy, iam.Trust); err != nil {
		return refuse("MalformedPolicyDocument", "%s", err)
	}
	if r.MaxSessionDuration == 0 {
		r.MaxSessionDuration = 3600
	}
	return r.settle()
}

// Role returns one role.
func (a *Account) Role(name string) (*Role, error) { return roles.lookup(a, name) }

// UpdateRole changes everything but the name.
func (a *Account) UpdateRole(name string, r *Role) error {
	return roles.update(a, name, r, func(_ *model, cur *Role) error {
		r.ID, r.roleComputed = name, cur.roleComputed
		return r.check()
	})
}

// DeleteRole refuses while inline policies are left; instance profiles lose
// the role, as the provider sees to.
func (a *Account) DeleteRole(name string) error {
	return roles.remove(a, name, func(m *model, _ *Role) error {
		for _, p := range m.RolePolicies {
			if p.Role == name {
				return refuseStatus(409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
			}
		}
		for _, p := range m.InstanceProfiles {
			if p.Role == name {
				p.Role = ""
			}
		}
		return nil
	})
}

// RolePolicy is aws:iam/rolePolicy:RolePolicy, an inline policy.
type RolePolicy struct {
	ID     string `json:"id"` // role:name
	Name   string `json:"name"`
	Role   string `json:"role"`
	Policy string `json:"policy"`
}

// PutRolePolicy sets an inline policy; one of the same name is overwritten.
func (a *Account) PutRolePolicy(p *RolePolicy) error {
	return a.change(func(m *model) error {
		if _, err := roles.get(m, p.Role); err != nil {
			return refuseStatus(404, "NoSuchEntity", "The role with name %s cannot be found.", p.Role)
		}
		if !iamName.MatchString(p.Name) {
			return refuse("ValidationError", "Value '%s' at 'policyName' is not valid", p.Name)
		}
		if _, err := iam.Parse(p.Policy, iam.Identity); err != nil {
			return refuse("MalformedPolicyDocument", "%s", err)
		}
		size := len(compact(p.Policy))
		for _, other := range m.RolePolicies {
			if other.Role == p.Role && other.Name != p.Name {
				size += len(compact(other.Policy))
			}
		}
		if size > 10240 {
			return refuseStatus(409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role %s", p.Role)
		}
		p.ID = p.Role + ":" + p.Name
		m.RolePolicies[p.ID] = p
		return nil
	})
}

// RolePolicy returns one inline policy.
func (a *Account) RolePolicy(id string) (*RolePolicy, error) { return rolePolicies.lookup(a, id) }

// DeleteRolePolicy removes one inline policy.
func (a *Account) DeleteRolePolicy(id string) error { return rolePolicies.remove(a, id, nil) }

// InstanceProfile is aws:iam/instanceProfile:InstanceProfile.
type InstanceProfile struct {
	ID   string `json:"id"` // its name
	Name string `json:"name"`
	Role string `json:"role,omitempty"`
	Tagged
	profileComputed
}

type profileComputed struct {
	ARN        string `json:"arn"`
	UniqueID   string `json:"uniqueId"`
	CreateDate string `json:"createDate"`
	Path       string `json:"path"`
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
			ARN: a.iamARN("instance-profile/" + p.Name), UniqueID: uniqueID("AIPA"), Path: "/",
			CreateDate: a.now().Format(time.RFC3339),
		}
		m.InstanceProfiles[p.ID] = p
		return nil
	})
}

func (p *InstanceProfile) check(m *model) error {
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
		p.ID, p.profileComputed = name, cur.profileComputed
		return p.check(m)
	})
}

// DeleteInstanceProfile removes a profile, also while an instance uses it.
func (a *Account) DeleteInstanceProfile(name string) error { return profiles.remove(a, name, nil) }

// OIDCProvider is aws:iam/openIdConnectProvider:OpenIdConnectProvider.
type OIDCProvider struct {
	ID              string   `json:"id"` // its ARN
	URL             string   `json:"url"`
	ClientIDLists   []string `json:"clientIdLists"`
	ThumbprintLists []string `json:"thumbprintLists"`
	Tagged
	ARN string `json:"arn"`
}

// CreateOIDCProvider makes a provider; there is one for each URL.
func (a *Account) CreateOIDCProvider(p *OIDCProvider) error {
	return a.change(func(m *model) error {
		host, ok := strings.CutPrefix(p.URL, "https://")
		if !ok || host == "" || strings.Contains(host, "?") {
			return refuse("InvalidInput", "Invalid Open ID Connect Provider URL")
		}
		id := a.iamARN("oidc-provider/" + host)
		if m.OIDCProviders[id] != nil {
			return refuseStatus(409, "EntityAlreadyExists", "Provider with url %s already exists.", p.URL)
		}
		if err := p.settleAs(id, host); err != nil {
			return err
		}
		m.OIDCProviders[id] = p
		return nil
	})
}

// settleAs fills in what IAM shows: the URL without its scheme.
func (p *OIDCProvider) settleAs(id, host string) error {
	if len(p.ThumbprintLists) == 0 {
		p.ThumbprintLists = []string{strings.Repeat("0", 40)}
	}
	p.ID, p.ARN, p.URL = id, id, host
	return p.settle()
}

// OIDCProvider returns one provider by its ARN.
func (a *Account) OIDCProvider(arn string) (*OIDCProvider, error) { return providers.lookup(a, arn) }

// OIDCProviderByURL finds a provider by its URL, which must match exactly.
func (a *Account) OIDCProviderByURL(url string) (*OIDCProvider, error) {
	return a.OIDCProvider(a.iamARN("oidc-provider/" + strings.TrimPrefix(url, "https://")))
}

// UpdateOIDCProvider changes clients, thumbprints and tags.
func (a *Account) UpdateOIDCProvider(arn string, p *OIDCProvider) error {
	return providers.update(a, arn, p, func(_ *model, cur *OIDCProvider) error {
		return p.settleAs(arn, cur.URL)
	})
}

// DeleteOIDCProvider removes a provider, also while roles trust it.
func (a *Account) DeleteOIDCProvider(arn string) error { return providers.remove(a, arn, nil) }

func uniqueID(prefix string) string {
	return prefix + strings.ToUpper(hexDigits(17))
}

func compact(policy string) string {
	return strings.Join(strings.Fields(policy), "")
}
