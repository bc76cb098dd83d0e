package cloud

import "github.com/talmolab/lablink-infrastructure/sim/iam"

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
		m.RolePolicies.keep(p.ID, p)
		return nil
	})
}

// RolePolicy returns one inline policy.
func (a *Account) RolePolicy(id string) (*RolePolicy, error) { return rolePolicies.lookup(a, id) }

// DeleteRolePolicy removes one inline policy.
func (a *Account) DeleteRolePolicy(id string) error { return rolePolicies.remove(a, id, nil) }
