package cloud_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func allowing(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

func TestABoundaryLimitsWhatARoleIsGiven(t *testing.T) {
	w := newWorld(t)
	_, c := session(t, w)
	limit := &cloud.Policy{Name: "boundary", Policy: allowing("s3:GetObject", "arn:aws:s3:::data/*")}
	require.NoError(t, w.CreatePolicy(limit))
	granted := &cloud.Policy{Name: "granted", Policy: allowing("s3:*", "arn:aws:s3:::*")}
	require.NoError(t, w.CreatePolicy(granted))
	attached := &cloud.RolePolicyAttachment{Role: "client", PolicyARN: granted.ARN}
	require.NoError(t, w.AttachRolePolicy(attached))
	may := func(action, resource string) error { return w.Authorize(c.Principal, action, resource, nil) }
	require.NoError(t, may("s3:PutObject", object), "an attached policy counts")

	r, err := w.Role("client")
	require.NoError(t, err)
	r.PermissionsBoundary = limit.ARN
	require.NoError(t, w.UpdateRole("client", r))
	require.NoError(t, may("s3:GetObject", object))
	require.ErrorContains(t, may("s3:PutObject", object), "no permissions boundary allows the s3:PutObject action")
	require.NoError(t, w.DetachRolePolicy(attached.ID))
	require.ErrorContains(t, may("s3:GetObject", object), "no identity-based policy allows", "a boundary gives nothing")
}

// One boundary keeps each role to what carries the role's own tags.
func TestABoundaryMaySpeakOfTheTagsOfTheRole(t *testing.T) {
	w := newWorld(t)
	_, c := session(t, w)
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: allowing("s3:GetObject", "arn:aws:s3:::data/${aws:PrincipalTag/lablink:environment}/*")}))
	require.Error(t, w.Authorize(c.Principal, "s3:GetObject", "arn:aws:s3:::data/test/k", nil), "a role without tags")
	r, err := w.Role("client")
	require.NoError(t, err)
	r.Tags = map[string]string{"lablink:environment": "test"}
	require.NoError(t, w.UpdateRole("client", r))
	require.NoError(t, w.Authorize(c.Principal, "s3:GetObject", "arn:aws:s3:::data/test/k", nil))
	require.Error(t, w.Authorize(c.Principal, "s3:GetObject", "arn:aws:s3:::data/prod/k", nil))
}

func TestAManagedPolicyIsRefusedAsIAMRefusesIt(t *testing.T) {
	w := newWorld(t)
	session(t, w)
	p := &cloud.Policy{Name: "one", Policy: allowing("s3:GetObject", object)}
	require.NoError(t, w.CreatePolicy(p))
	for _, c := range []struct {
		why, code string
		err       error
	}{
		{"the same name", "EntityAlreadyExists", w.CreatePolicy(&cloud.Policy{Name: "One", Path: "/x/", Policy: allowing("s3:GetObject", object)})},
		{"too long", "LimitExceeded", w.CreatePolicy(&cloud.Policy{Name: "long", Policy: allowing("s3:"+strings.Repeat("x", 6144), object)})},
		{"no policy", "MalformedPolicyDocument", w.CreatePolicy(&cloud.Policy{Name: "none", Policy: "{}"})},
		{"a policy that is not there", "NoSuchEntity", w.AttachRolePolicy(&cloud.RolePolicyAttachment{Role: "client", PolicyARN: p.ARN + "x"})},
		{"a role that is not there", "NoSuchEntity", w.AttachRolePolicy(&cloud.RolePolicyAttachment{Role: "none", PolicyARN: p.ARN})},
		{"a boundary that is not there", "NoSuchEntity", w.CreateRole(&cloud.Role{Name: "r", AssumeRolePolicy: ec2Trust, PermissionsBoundary: p.ARN + "x"})},
	} {
		require.ErrorContains(t, c.err, c.code, c.why)
	}
	attached := &cloud.RolePolicyAttachment{Role: "client", PolicyARN: p.ARN}
	require.NoError(t, w.AttachRolePolicy(attached))
	require.NoError(t, w.AttachRolePolicy(attached), "again")
	require.ErrorContains(t, w.DeletePolicy(p.ARN), "DeleteConflict")
	require.ErrorContains(t, w.DeleteRole("client"), "must detach all policies first")
	require.NoError(t, w.DetachRolePolicy(attached.ID))
	bounded := &cloud.Role{Name: "bounded", AssumeRolePolicy: ec2Trust, PermissionsBoundary: p.ARN}
	require.NoError(t, w.CreateRole(bounded))
	require.ErrorContains(t, w.DeletePolicy(p.ARN), "DeleteConflict", "while it bounds a role")
	require.NoError(t, w.DeleteRole("bounded"))
	require.NoError(t, w.DeletePolicy(p.ARN))
}

func TestAServiceHasOneRoleThatIAMKeeps(t *testing.T) {
	w := newWorld(t)
	s := &cloud.ServiceLinkedRole{AWSServiceName: "spot.amazonaws.com"}
	require.NoError(t, w.CreateServiceLinkedRole(s))
	require.Equal(t, "arn:aws:iam::123456789012:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot", s.ID)
	require.ErrorContains(t, w.CreateServiceLinkedRole(&cloud.ServiceLinkedRole{AWSServiceName: "spot.amazonaws.com"}), "has been taken in this account")
	require.ErrorContains(t, w.DeleteRole("AWSServiceRoleForEC2Spot"), "UnmodifiableEntity")
	require.Len(t, w.RolesAt("/aws-service-role/spot.amazonaws.com/"), 1)
	require.NoError(t, w.DeleteServiceLinkedRole(s.ID))
	require.Empty(t, w.RolesAt("/aws-service-role/"))
}

// White space does not count; an inline policy counts together with the role's others.
func TestWhatIsTooLongForIAMIsRefused(t *testing.T) {
	w := newWorld(t)
	session(t, w)
	long := func(size int) string {
		return allowing("s3:"+strings.Repeat("x", size-len(allowing("s3:", object))), object) + "\n"
	}
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "most", Role: "client", Policy: long(10000)}))
	for words, err := range map[string]error{
		"Maximum policy size of 10240 bytes exceeded for role client": w.PutRolePolicy(&cloud.RolePolicy{Name: "rest", Role: "client", Policy: long(241)}),
		"Cannot exceed quota for PolicySize: 6144":                    w.CreatePolicy(&cloud.Policy{Name: "long", Policy: long(6145)}),
		"Cannot exceed quota for ACLSizePerRole: 2048":                w.CreateRole(&cloud.Role{Name: "r", AssumeRolePolicy: strings.Replace(ec2Trust, "ec2", strings.Repeat("e", 2048), 1)}),
	} {
		refused(t, "LimitExceeded", err)
		require.ErrorContains(t, err, words)
	}
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "rest", Role: "client", Policy: long(240)}))
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "most", Role: "client", Policy: long(10000)}), "again")
	require.NoError(t, w.CreatePolicy(&cloud.Policy{Name: "most", Policy: long(6144)}))
}
