package cloud_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// session is a machine's credentials for the role "client".
func session(t *testing.T, w *world) (string, cloud.Credential) {
	t.Helper()
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "client", AssumeRolePolicy: ec2Trust}))
	require.NoError(t, w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "profile", Role: "client"}))
	i := w.describe(w.subnets[0])
	i.IAMInstanceProfile = "profile"
	require.NoError(t, w.CreateInstance(i))
	role, c, err := w.InstanceCredentials(i.ID)
	require.NoError(t, err)
	require.Equal(t, "client", role)
	return i.ID, c
}

const object = "arn:aws:s3:::data/k"

func identity(effect string) *cloud.RolePolicy {
	return &cloud.RolePolicy{Name: effect, Role: "client", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}]}`}
}

func TestIdentityAndBucketPoliciesDecideTogether(t *testing.T) {
	const self = `{"AWS":"arn:aws:iam::123456789012:role/client"}`
	for _, c := range []struct {
		name, identity, bucket, who, refusal string
	}{
		{"nothing said", "", "", "client", "no identity-based policy allows"},
		{"the role allows", "Allow", "", "client", ""},
		{"the bucket allows", "", policy("Allow", self, ""), "client", ""},
		{"the bucket denies", "Allow", policy("Deny", self, ""), "client", "resource-based policy"},
		{"the role denies", "Deny", policy("Allow", self, ""), "client", "identity-based policy"},
		{"the bucket denies another", "Allow", policy("Deny", `{"AWS":"arn:aws:iam::123456789012:role/other"}`, ""), "client", ""},
		{"the developer may", "", "", "developer", ""},
		{"unless the bucket denies", "", policy("Deny", `"*"`, ""), "developer", "resource-based policy"},
		{"the bucket denies what comes without TLS", "Allow", policy("Deny", `"*"`, `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`), "client", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			_, credential := session(t, w)
			who := credential.Principal
			if c.who == "developer" {
				own, ok := w.Credential(cloud.DeveloperKey)
				require.True(t, ok)
				who = own.Principal
				require.Equal(t, developer, who.ARN)
			}
			require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
			if c.bucket != "" {
				require.NoError(t, w.PutBucketSetting(&cloud.BucketPolicy{Bucket: "data", Policy: c.bucket}))
			}
			if c.identity != "" {
				require.NoError(t, w.PutRolePolicy(identity(c.identity)))
			}
			err := w.Authorize(who, "s3:GetObject", object, nil)
			if c.refusal == "" {
				require.NoError(t, err)
				return
			}
			refused(t, "UnauthorizedOperation", err)
			require.ErrorContains(t, err, c.refusal)
		})
	}
}

func TestAPolicySeesWhichInstanceAsks(t *testing.T) {
	w := newWorld(t)
	id, c := session(t, w)
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ArnEquals":{"ec2:SourceInstanceARN":"arn:aws:ec2:us-west-2:123456789012:instance/` + id + `"}}}]}`}))
	require.NoError(t, w.Authorize(c.Principal, "ec2:CreateTags", "*", nil))
	other := c.Principal
	other.Instance = "i-other"
	require.Error(t, w.Authorize(other, "ec2:CreateTags", "*", nil))
}

func TestARoleIsAssumedByThoseItTrusts(t *testing.T) {
	w := newWorld(t)
	own, _ := w.Credential(cloud.DeveloperKey)
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "open", AssumeRolePolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + developer + `"},"Action":"sts:AssumeRole"}]}`}))
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "machines", AssumeRolePolicy: ec2Trust}))
	c, err := w.AssumeRole(own.Principal, "open", "me")
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/open/me", c.Principal.ARN)
	found, ok := w.Credential(c.AccessKey)
	require.True(t, ok)
	require.Equal(t, c, found)
	_, err = w.AssumeRole(own.Principal, "machines", "me")
	refused(t, "AccessDenied", err)
}

func TestAMachineWithoutARoleThatTrustsEC2HasNoCredentials(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.InstanceCredentials(w.instance(t, w.subnets[0]).ID)
	refused(t, "NoSuchEntity", err)
	id, _ := session(t, w)
	require.NoError(t, w.UpdateRole("client", &cloud.Role{AssumeRolePolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`}))
	_, _, err = w.InstanceCredentials(id)
	refused(t, "AccessDenied", err)
}

func TestCredentialsThatExpiredAreForgotten(t *testing.T) {
	w := newWorld(t)
	id, old := session(t, w)
	require.Equal(t, w.now.Add(6*time.Hour), old.Expires)
	w.now = old.Expires.Add(time.Second)
	_, _, err := w.InstanceCredentials(id)
	require.NoError(t, err)
	_, ok := w.Credential(old.AccessKey)
	require.False(t, ok)
}

func TestARolesPathIsPartOfItsARN(t *testing.T) {
	w := newWorld(t)
	r := &cloud.Role{Name: "r", Path: "/a/b/", AssumeRolePolicy: ec2Trust}
	require.NoError(t, w.CreateRole(r))
	require.Equal(t, "arn:aws:iam::123456789012:role/a/b/r", r.ARN)
	p := &cloud.InstanceProfile{Name: "p", Path: "/a/b/", Role: "r"}
	require.NoError(t, w.CreateInstanceProfile(p))
	require.Equal(t, "arn:aws:iam::123456789012:instance-profile/a/b/p", p.ARN)
	trust := func(arn string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + arn + `"},"Action":"sts:AssumeRole"}]}`
	}
	require.NoError(t, w.CreateRole(&cloud.Role{Name: "s", AssumeRolePolicy: trust(r.ARN)}))
	refused(t, "MalformedPolicyDocument", w.CreateRole(&cloud.Role{Name: "t", AssumeRolePolicy: trust("arn:aws:iam::123456789012:role/r")}))
	for _, path := range []string{"a/", "/a", "a"} {
		refused(t, "ValidationError", w.CreateRole(&cloud.Role{Name: "t", Path: path, AssumeRolePolicy: ec2Trust}))
		refused(t, "ValidationError", w.CreateInstanceProfile(&cloud.InstanceProfile{Name: "q", Path: path}))
	}
}
