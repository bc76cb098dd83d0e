package cloud_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestBucketNamesAreS3s(t *testing.T) {
	w := newWorld(t)
	for name, ok := range map[string]bool{
		"lablink-artifacts-1": true, "a.b.c": true, strings.Repeat("a", 63): true,
		"": false, "ab": false, strings.Repeat("a", 64): false, "Upper": false, "under_score": false, "-a-b": false, "a-b-": false,
		"a..b": false, "192.0.2.1": false, "xn--bucket": false, "sthree-x": false, "x-s3alias": false, "x--x-s3": false,
	} {
		t.Run(name, func(t *testing.T) {
			err := w.CreateBucket(&cloud.Bucket{Bucket: name})
			if ok {
				require.NoError(t, err)
				return
			}
			refused(t, "InvalidBucketName", err)
		})
	}
}

// policy is a bucket policy of one statement about everything in the bucket.
func policy(effect, principal, more string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"` + more + `}]}`
}

func TestABucketPolicyIsCheckedWhenItIsPut(t *testing.T) {
	for _, c := range []struct {
		name, policy, code string
		open               bool // the public access block is lifted
	}{
		{"for one account", policy("Allow", `{"AWS":"123456789012"}`, ""), "", false},
		{"that is no policy", `{}`, "MalformedPolicy", false},
		{"without a principal", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}]}`, "MalformedPolicy", false},
		{"about another bucket", strings.ReplaceAll(policy("Allow", `{"AWS":"123456789012"}`, ""), ":data/", ":other/"), "MalformedPolicy", false},
		{"about a bucket whose name begins alike", strings.ReplaceAll(policy("Allow", `{"AWS":"123456789012"}`, ""), ":data/", ":data2/"), "MalformedPolicy", false},
		{"for everybody", policy("Allow", `"*"`, ""), "AccessDenied", false},
		{"for every principal of AWS", policy("Allow", `{"AWS":"*"}`, ""), "AccessDenied", false},
		{"for everybody, where that is allowed", policy("Allow", `"*"`, ""), "", true},
		{"that denies everybody", policy("Deny", `"*"`, ""), "", false},
		{"for everybody under a condition", policy("Allow", `"*"`, `,"Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}`), "", false},
	} {
		t.Run("a policy "+c.name, func(t *testing.T) {
			w := newWorld(t)
			require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
			if c.open {
				require.NoError(t, w.PutBucketSetting(&cloud.PublicAccessBlock{Bucket: "data"}))
			}
			err := w.PutBucketSetting(&cloud.BucketPolicy{Bucket: "data", Policy: c.policy})
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			refused(t, c.code, err)
			require.True(t, cloud.IsNotFound(w.BucketSetting(&cloud.BucketPolicy{Bucket: "data"})), "a refused policy is not kept")
		})
	}
}

func TestSettingsOfABucketAreReplacedAndReset(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
	versioning := &cloud.BucketVersioning{Bucket: "data"}
	versioning.VersioningConfiguration.Status = "On"
	refused(t, "MalformedXML", w.PutBucketSetting(versioning))
	versioning.VersioningConfiguration.Status = "Enabled"
	require.NoError(t, w.PutBucketSetting(versioning))
	got := &cloud.BucketVersioning{Bucket: "data"}
	require.NoError(t, w.BucketSetting(got))
	require.Equal(t, "Enabled", got.VersioningConfiguration.Status)
	require.NoError(t, w.DeleteBucketSetting(got))
	require.True(t, cloud.IsNotFound(w.BucketSetting(got)))

	refused(t, "MalformedXML", w.PutBucketSetting(&cloud.BucketEncryption{Bucket: "data"}))
	wrong := cloud.EncryptionRule{}
	wrong.ApplyServerSideEncryptionByDefault.SSEAlgorithm = "rot13"
	refused(t, "InvalidArgument", w.PutBucketSetting(&cloud.BucketEncryption{Bucket: "data", Rules: []cloud.EncryptionRule{wrong}}))
}

func TestAnObjectIsWhatWasPutLast(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
	for _, content := range []string{"first", "second"} {
		require.NoError(t, w.PutObject(&cloud.Object{Bucket: "data", Key: "//a//b"}, strings.NewReader(content)))
	}
	o, err := w.Object("data", "a/b")
	require.NoError(t, err)
	require.Equal(t, "a9f0e61a137d86aa9db53465e0801612", o.ETag, "the MD5 sum of the contents")
	f, err := w.OpenObject(o)
	require.NoError(t, err)
	defer f.Close()
	raw, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Equal(t, "second", string(raw))
	require.NoError(t, w.DeleteObject("data", "a/b"))
	_, err = w.Object("data", "a/b")
	require.True(t, cloud.IsNotFound(err))
	refused(t, "NoSuchBucket", w.PutObject(&cloud.Object{Bucket: "none", Key: "k"}, strings.NewReader("")))
	refused(t, "KeyTooLongError", w.PutObject(&cloud.Object{Bucket: "data", Key: "/"}, strings.NewReader("")))
	refused(t, "InvalidArgument", w.PutObject(&cloud.Object{Bucket: "data", Key: "k", Metadata: map[string]string{"Upper": "x"}}, strings.NewReader("")))
}
