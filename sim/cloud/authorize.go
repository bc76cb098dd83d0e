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
// inline policies of its role and, on a bucket's contents, by the bucket's
// policy. The developer may do what no bucket's policy denies.
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
		"aws:userid":           {p.UserID},
	}
	if p.Role != "" {
		out["aws:PrincipalArn"] = []string{a.roleARN(p.Role)}
	}
	if p.Instance != "" {
		out["ec2:SourceInstanceARN"] = []string{a.arn("ec2", "instance/"+p.Instance)}
	}
	return out
}

// roleARN is the ARN of a role, which holds its path.
func (a *Account) roleARN(name string) string {
	if r, err := a.Role(name); err == nil {
		return r.ARN
	}
	return a.iamARN("role/" + name)
}

// decide says why a request is denied, or "" when it is allowed.
func (m *model) decide(p Principal, r iam.Request) string {
	own, err := m.identityPolicies(p)
	resource, resourceErr := m.resourcePolicies(r.Resource)
	if err := errors.Join(err, resourceErr); err != nil {
		return fmt.Sprintf("because a policy cannot be read: %s", err)
	}
	byIdentity, byResource := iam.Evaluate(r, own...), iam.Evaluate(r, resource...)
	switch {
	case byIdentity == iam.Denied:
		return "with an explicit deny in an identity-based policy"
	case byResource == iam.Denied:
		return "with an explicit deny in a resource-based policy"
	case p.Role == "" || byIdentity == iam.Allowed || byResource == iam.Allowed:
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
	return out, nil
}

// resourcePolicies is the policy of the bucket that a resource is in, if any.
func (m *model) resourcePolicies(resource string) ([]iam.Document, error) {
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
