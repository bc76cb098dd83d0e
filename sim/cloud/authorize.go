package cloud

import (
	"fmt"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// Credential is what a caller signs with.
type Credential struct {
	AccessKey string
	Secret    string
	Token     string // "" for the developer's own
	Expires   time.Time
	Principal Principal
}

// Principal is who a caller is.
type Principal struct {
	ARN    string // what GetCallerIdentity answers
	UserID string
	Role   string // the role's name, or "" for the developer, who may do everything
	// Instance is set for credentials of an instance profile; it is also the
	// name of the session.
	Instance string
}

// The developer's credentials: an administrator of the account. They are
// printed by `make env`, and open nothing but the simulator.
const (
	DeveloperKey    = "AKIASIMULATEDDEVELOP"
	DeveloperSecret = "simulated/secret/of/nothing/but/simulation"
)

// Credential finds what an access key belongs to.
func (a *Account) Credential(accessKey string) (Credential, bool) {
	if accessKey == DeveloperKey {
		return Credential{AccessKey: DeveloperKey, Secret: DeveloperSecret, Principal: Principal{
			ARN: a.iamARN("user/developer"), UserID: "AIDASIMULATEDDEVELOP",
		}}, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.creds[accessKey]
	return c, ok
}

// InstanceCredentials makes the credentials that instance metadata hands out:
// those of the profile's role, in a session named after the instance.
func (a *Account) InstanceCredentials(instance string) (role string, c Credential, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, err := instances.get(&a.m, instance)
	if err != nil {
		return "", c, err
	}
	p := a.m.InstanceProfiles[i.IAMInstanceProfile]
	if p == nil || a.m.Roles[p.Role] == nil {
		return "", c, refuseStatus(404, "NoSuchEntity", "instance %s has no instance profile with a role", instance)
	}
	r := a.m.Roles[p.Role]
	if !a.mayAssume(r, "Service", "ec2.amazonaws.com", "sts:AssumeRole") {
		return "", c, refuseStatus(403, "AccessDenied", "the trust policy of %s does not let ec2.amazonaws.com assume it", r.Name)
	}
	for key, old := range a.creds {
		if a.now().After(old.Expires) {
			delete(a.creds, key)
		}
	}
	c = a.session(r, instance)
	c.Principal.Instance = instance
	a.creds[c.AccessKey] = c
	return r.Name, c, nil
}

// session makes credentials of a role.
func (a *Account) session(r *Role, name string) Credential {
	return Credential{
		AccessKey: "ASIA" + strings.ToUpper(hexDigits(16)), Secret: hexDigits(40), Token: hexDigits(200),
		Expires: a.now().Add(6 * time.Hour),
		Principal: Principal{
			ARN:    "arn:aws:sts::" + a.opts.AccountID + ":assumed-role/" + r.Name + "/" + name,
			UserID: r.UniqueID + ":" + name, Role: r.Name,
		},
	}
}

// AssumeRole makes credentials for a session of a role, as the developer may
// ask for where the role's trust policy says so.
func (a *Account) AssumeRole(by Principal, role, session string) (Credential, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, err := roles.get(&a.m, role)
	if err != nil {
		return Credential{}, err
	}
	if !a.mayAssume(r, "AWS", by.ARN, "sts:AssumeRole") {
		return Credential{}, refuseStatus(403, "AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", by.ARN, r.ARN)
	}
	c := a.session(r, session)
	a.creds[c.AccessKey] = c
	return c, nil
}

func (a *Account) mayAssume(r *Role, principalType, principal, action string) bool {
	d, err := iam.Parse(r.AssumeRolePolicy, iam.Trust)
	return err == nil && iam.Evaluate(iam.Request{
		PrincipalType: principalType, Principal: principal, Action: action, Resource: r.ARN,
	}, d) == iam.Allowed
}

// Authorize decides whether a principal may do action on resource, by the
// inline policies of its role.
func (a *Account) Authorize(p Principal, action, resource string, context map[string][]string) error {
	if p.Role == "" {
		return nil
	}
	request := iam.Request{PrincipalType: "AWS", Principal: p.ARN, Action: action, Resource: resource, Context: map[string][]string{
		"aws:SecureTransport":   {"true"},
		"aws:PrincipalAccount":  {a.opts.AccountID},
		"aws:RequestedRegion":   {a.opts.Region},
		"ec2:SourceInstanceARN": {a.arn("ec2", "instance/"+p.Instance)},
	}}
	for k, v := range context {
		request.Context[k] = v
	}
	return a.view(func(m *model) error {
		decision, reason := m.decide(p, request)
		if decision == iam.Allowed {
			return nil
		}
		return refuseStatus(403, "UnauthorizedOperation", "User: %s is not authorized to perform: %s on resource: %s because %s", p.ARN, action, resource, reason)
	})
}

func (m *model) decide(p Principal, r iam.Request) (iam.Decision, string) {
	var documents []iam.Document
	for _, policy := range m.RolePolicies {
		if policy.Role == p.Role {
			d, err := iam.Parse(policy.Policy, iam.Identity)
			if err != nil {
				return iam.Denied, fmt.Sprintf("policy %s cannot be read: %s", policy.Name, err)
			}
			documents = append(documents, d)
		}
	}
	switch iam.Evaluate(r, documents...) {
	case iam.Denied:
		return iam.Denied, "an identity-based policy denies it"
	case iam.Implicit:
		return iam.Implicit, "no identity-based policy allows the " + r.Action + " action"
	}
	return iam.Allowed, ""
}
