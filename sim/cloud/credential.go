package cloud

import (
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

	developer = "user/developer"
)

// Credential finds what an access key belongs to.
func (a *Account) Credential(accessKey string) (Credential, bool) {
	if accessKey == DeveloperKey {
		return Credential{AccessKey: DeveloperKey, Secret: DeveloperSecret, Principal: Principal{
			ARN: a.iamARN(developer), UserID: "AIDASIMULATEDDEVELOP",
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
