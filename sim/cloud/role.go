package cloud

import (
	"cmp"
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
	Path               string `json:"path"`
	// PermissionsBoundary is the ARN of the managed policy that bounds the role.
	PermissionsBoundary string `json:"permissionsBoundary,omitempty"`
	Tagged
	roleComputed
}

type roleComputed struct {
	ARN        string `json:"arn"`
	UniqueID   string `json:"uniqueId"`
	CreateDate string `json:"createDate"`
}

// iamPath begins and ends with a slash.
var iamPath = regexp.MustCompile(`^/([!-.0-~]{1,128}/)*$`)

var iamName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)

// CreateRole makes a role; names are unique in the account, whatever the case.
func (a *Account) CreateRole(r *Role) error {
	return a.change(func(m *model) error {
		if err := a.checkRole(m, r); err != nil {
			return err
		}
		for _, other := range m.Roles {
			if strings.EqualFold(other.Name, r.Name) {
				return refuseStatus(409, "EntityAlreadyExists", "Role with name %s already exists.", r.Name)
			}
		}
		r.ID = r.Name
		r.roleComputed = roleComputed{
			ARN: a.iamARN("role" + r.Path + r.Name), UniqueID: uniqueID("AROA"),
			CreateDate: a.now().Format(time.RFC3339),
		}
		m.Roles.keep(r.ID, r)
		return nil
	})
}

func (a *Account) checkRole(m *model, r *Role) error {
	r.Path = cmp.Or(r.Path, "/")
	switch {
	case !iamPath.MatchString(r.Path):
		return refuse("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	case len(r.Name) > 64:
		return refuse("ValidationError", "1 validation error detected: Value '%s' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64", r.Name)
	case !iamName.MatchString(r.Name):
		return refuse("ValidationError", "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	case len(r.Description) > 1000:
		return refuse("ValidationError", "The description of role %s is longer than 1000 characters", r.Name)
	case len(compact(r.AssumeRolePolicy)) > 2048:
		return refuseStatus(409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
	case r.MaxSessionDuration != 0 && (r.MaxSessionDuration < 3600 || r.MaxSessionDuration > 43200):
		return refuse("ValidationError", "expected max_session_duration to be in the range (3600 - 43200), got %d", r.MaxSessionDuration)
	}
	d, err := iam.Parse(r.AssumeRolePolicy, iam.Trust)
	if err != nil {
		return refuse("MalformedPolicyDocument", "%s", err)
	}
	if b := r.PermissionsBoundary; b != "" && m.Policies[b] == nil {
		return refuseStatus(404, "NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", b)
	}
	if who := a.unknownPrincipal(m, d); who != "" {
		return refuse("MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":%q", who)
	}
	if r.MaxSessionDuration == 0 {
		r.MaxSessionDuration = 3600
	}
	return r.settle()
}

// unknownPrincipal is a role or user of this account that a trust policy names
// and that does not exist, or "".
func (a *Account) unknownPrincipal(m *model, d iam.Document) string {
	for _, s := range d.Statement {
		for _, p := range []*iam.Principal{s.Principal, s.NotPrincipal} {
			if p == nil {
				continue
			}
			for _, who := range (*p)["AWS"] {
				own, ok := strings.CutPrefix(who, a.iamARN(""))
				role := m.Roles[own[strings.LastIndex(own, "/")+1:]]
				if ok && own != "root" && own != developer && (role == nil || role.ARN != who) {
					return who
				}
			}
		}
	}
	return ""
}

// Role returns one role.
func (a *Account) Role(name string) (*Role, error) { return roles.lookup(a, name) }

// UpdateRole changes everything but the name.
func (a *Account) UpdateRole(name string, r *Role) error {
	return roles.update(a, name, r, func(m *model, cur *Role) error {
		r.ID, r.Name, r.Path, r.roleComputed = name, cur.Name, cur.Path, cur.roleComputed
		return a.checkRole(m, r)
	})
}

// DeleteRole refuses while policies are left; instance profiles lose the role,
// as the provider sees to.
func (a *Account) DeleteRole(name string) error {
	return roles.remove(a, name, func(m *model, r *Role) error {
		if strings.HasPrefix(r.Path, serviceRolePath) {
			return refuse("UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", name)
		}
		for _, p := range m.RolePolicies {
			if p.Role == name {
				return refuseStatus(409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
			}
		}
		for _, p := range m.RolePolicyAttachments {
			if p.Role == name {
				return refuseStatus(409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
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

func uniqueID(prefix string) string {
	return prefix + strings.ToUpper(hexDigits(17))
}

func compact(policy string) string {
	return strings.Join(strings.Fields(policy), "")
}
