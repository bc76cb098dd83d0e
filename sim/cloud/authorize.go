package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// Authorize decides whether a principal may do action on resource, by the
// policies of its role and the role's permissions boundary, and by the policy of
// the bucket or key that it is about. The developer may do what no such policy
// denies; with a key, what its policy leaves to the account.
func (a *Account) Authorize(p Principal, action, resource string, context map[string][]string) error {
	r := iam.Request{PrincipalType: "AWS", Principal: p.ARN, Action: action, Resource: resource, Context: a.contextOf(p)}
	maps.Copy(r.Context, context)
	return a.view(func(m *model) error {
		if reason := m.decide(p, r); reason != "" {
			return refuseStatus(403, "UnauthorizedOperation", "User: %s is not authorized to perform: %s on resource: %s %s", p.ARN, action, resource, reason)
		}
		return nil
	})
}

// contextOf are the condition keys that every request of a principal has.
func (a *Account) contextOf(p Principal) map[string][]string {
	out := map[string][]string{
		"aws:SecureTransport":  {"true"},
		"aws:PrincipalAccount": {a.opts.AccountID},
		"aws:PrincipalArn":     {p.ARN},
		"aws:RequestedRegion":  {a.opts.Region},
		"aws:ResourceAccount":  {a.opts.AccountID}, // there is no other
		"aws:userid":           {p.UserID},
	}
	if r, err := a.Role(p.Role); err == nil {
		out["aws:PrincipalArn"] = []string{r.ARN}
		for key, value := range r.Tags {
			out["aws:PrincipalTag/"+key] = []string{value}
		}
	}
	if p.Instance != "" {
		out["ec2:SourceInstanceARN"] = []string{a.arn("ec2", "instance/"+p.Instance)}
	}
	return out
}

// decide says why a request is denied, or "" when it is allowed.
func (m *model) decide(p Principal, r iam.Request) string {
	own, err := m.identityPolicies(p)
	boundary, boundaryErr := m.boundaryOf(p)
	resource, resourceErr := m.resourcePolicies(r.Resource)
	if err := errors.Join(err, boundaryErr, resourceErr); err != nil {
		return fmt.Sprintf("because a policy cannot be read: %s", err)
	}
	byIdentity, byBoundary, byResource := iam.Evaluate(r, own...), iam.Evaluate(r, boundary...), iam.Evaluate(r, resource...)
	r.Direct = true
	directly := iam.Evaluate(r, resource...) == iam.Allowed
	isKey := strings.HasPrefix(r.Resource, "arn:aws:kms:")
	switch {
	case byIdentity == iam.Denied:
		return "with an explicit deny in an identity-based policy"
	case byBoundary == iam.Denied:
		return "with an explicit deny in a permissions boundary"
	case byResource == iam.Denied:
		return "with an explicit deny in a resource-based policy"
	case boundary != nil && byBoundary != iam.Allowed:
		return "because no permissions boundary allows the " + r.Action + " action"
	case directly:
		return ""
	case isKey && byResource != iam.Allowed: // it does not even leave it to the account
		return "because no resource-based policy allows the " + r.Action + " action"
	case p.Role == "" || byIdentity == iam.Allowed:
		return ""
	}
	return "because no identity-based policy allows the " + r.Action + " action"
}

func (m *model) identityPolicies(p Principal) ([]iam.Document, error) {
	var out []iam.Document
	for _, policy := range m.RolePolicies {
		if policy.Role != p.Role {
			continue
		}
		d, err := iam.Parse(policy.Policy, iam.Identity)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", policy.Name, err)
		}
		out = append(out, d)
	}
	for _, attached := range m.RolePolicyAttachments {
		if attached.Role != p.Role {
			continue
		}
		d, err := m.managed(attached.PolicyARN)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// boundaryOf is what bounds the permissions of a principal's role, if anything.
func (m *model) boundaryOf(p Principal) ([]iam.Document, error) {
	r := m.Roles[p.Role]
	if r == nil || r.PermissionsBoundary == "" {
		return nil, nil
	}
	d, err := m.managed(r.PermissionsBoundary)
	return []iam.Document{d}, err
}

// managed is the document of a managed policy; one that was deleted allows
// nothing.
func (m *model) managed(arn string) (iam.Document, error) {
	p := m.Policies[arn]
	if p == nil {
		return iam.Document{}, nil
	}
	return iam.Parse(p.Policy, iam.Identity)
}

// resourcePolicies is the policy of a key, or of the bucket that a resource is
// in, if any.
func (m *model) resourcePolicies(resource string) ([]iam.Document, error) {
	if arn, id, ok := strings.Cut(resource, ":key/"); ok && strings.HasPrefix(arn, "arn:aws:kms:") && m.Keys[id] != nil {
		d, err := iam.Parse(m.Keys[id].Policy, iam.Resource)
		return []iam.Document{d}, err
	}
	path, ok := strings.CutPrefix(resource, "arn:aws:s3:::")
	if !ok {
		return nil, nil
	}
	bucket, _, _ := strings.Cut(path, "/")
	raw := m.BucketSettings["policy/"+bucket]
	if raw == nil {
		return nil, nil
	}
	var setting BucketPolicy
	if err := json.Unmarshal(*raw, &setting); err != nil {
		return nil, fmt.Errorf("policy of bucket %s: %w", bucket, err)
	}
	d, err := iam.Parse(setting.Policy, iam.Resource)
	return []iam.Document{d}, err
}
