package cloud

import (
	"cmp"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// maxPolicySize and maxAttached are IAM's quotas, in characters that are no
// space, and in managed policies of a role.
const (
	maxPolicySize = 6144
	maxAttached   = 10
)

// Policy is aws:iam/policy:Policy, a managed policy.
type Policy struct {
	ID          string `json:"id"` // its ARN
	Name        string `json:"name"`
	Path        string `json:"path"`
	Description string `json:"description,omitempty"`
	Policy      string `json:"policy"`
	Tagged
	policyComputed
}

type policyComputed struct {
	ARN      string `json:"arn"`
	PolicyID string `json:"policyId"`
}

// CreatePolicy makes a managed policy; names are unique in the account,
// whatever the case and the path.
func (a *Account) CreatePolicy(p *Policy) error {
	return a.change(func(m *model) error {
		p.Path = cmp.Or(p.Path, "/")
		if !iamPath.MatchString(p.Path) || !iamName.MatchString(p.Name) || len(p.Description) > 1000 {
			return refuse("ValidationError", "The specified value for the name, path or description of policy %s is invalid.", p.Name)
		}
		for _, other := range m.Policies {
			if strings.EqualFold(other.Name, p.Name) {
				return refuseStatus(409, "EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", p.Name)
			}
		}
		p.ID = a.iamARN("policy" + p.Path + p.Name)
		p.policyComputed = policyComputed{ARN: p.ID, PolicyID: uniqueID("ANPA")}
		if err := p.check(); err != nil {
			return err
		}
		m.Policies.keep(p.ID, p)
		return nil
	})
}

func (p *Policy) check() error {
	if _, err := iam.Parse(p.Policy, iam.Identity); err != nil {
		return refuse("MalformedPolicyDocument", "%s", err)
	}
	if len(compact(p.Policy)) > maxPolicySize {
		return refuseStatus(409, "LimitExceeded", "Cannot exceed quota for PolicySize: %d", maxPolicySize)
	}
	return p.settle()
}

// Policy returns one managed policy by its ARN.
func (a *Account) Policy(arn string) (*Policy, error) { return policies.lookup(a, arn) }

// UpdatePolicy makes a new version the default one.
func (a *Account) UpdatePolicy(arn string, p *Policy) error {
	return policies.update(a, arn, p, func(_ *model, cur *Policy) error {
		p.ID, p.Name, p.Path, p.Description, p.policyComputed = arn, cur.Name, cur.Path, cur.Description, cur.policyComputed
		return p.check()
	})
}

// DeletePolicy refuses while a role has the policy, or is bounded by it.
func (a *Account) DeletePolicy(arn string) error {
	return policies.remove(a, arn, func(m *model, _ *Policy) error {
		used := false
		for _, attached := range m.RolePolicyAttachments {
			used = used || attached.PolicyARN == arn
		}
		for _, r := range m.Roles {
			used = used || r.PermissionsBoundary == arn
		}
		if used {
			return refuseStatus(409, "DeleteConflict", "Cannot delete a policy attached to entities.")
		}
		return nil
	})
}

// RolePolicyAttachment is aws:iam/rolePolicyAttachment:RolePolicyAttachment.
type RolePolicyAttachment struct {
	ID        string `json:"id"` // role/policy's ARN
	Role      string `json:"role"`
	PolicyARN string `json:"policyArn"`
}

// AttachRolePolicy gives a role a managed policy of this account; again is no
// error.
func (a *Account) AttachRolePolicy(x *RolePolicyAttachment) error {
	return a.change(func(m *model) error {
		if _, err := roles.get(m, x.Role); err != nil {
			return refuseStatus(404, "NoSuchEntity", "The role with name %s cannot be found.", x.Role)
		}
		if m.Policies[x.PolicyARN] == nil {
			return refuseStatus(404, "NoSuchEntity", "Policy %s does not exist or is not attachable.", x.PolicyARN)
		}
		x.ID = x.Role + "/" + x.PolicyARN
		attached := 0
		for id, other := range m.RolePolicyAttachments {
			if other.Role == x.Role && id != x.ID {
				attached++
			}
		}
		if attached >= maxAttached {
			return refuseStatus(409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		}
		m.RolePolicyAttachments.keep(x.ID, x)
		return nil
	})
}

// RolePolicyAttachment returns one attachment.
func (a *Account) RolePolicyAttachment(id string) (*RolePolicyAttachment, error) {
	return policyAttachments.lookup(a, id)
}

// DetachRolePolicy takes a managed policy from a role.
func (a *Account) DetachRolePolicy(id string) error { return policyAttachments.remove(a, id, nil) }
