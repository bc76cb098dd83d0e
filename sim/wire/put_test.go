package wire_test

import (
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestAParameterThatIsPutHasANewVersionEachTimeUntilItIsDeleted(t *testing.T) {
	w := newWorld(t)
	client := ssm.NewFromConfig(w.developer())
	put := func(value string, overwrite bool, kind ssmtypes.ParameterType) (int64, error) {
		out, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/p"), Value: &value, Overwrite: &overwrite, Type: kind})
		if err != nil {
			return 0, err
		}
		return out.Version, nil
	}
	_, err := put("a", true, "")
	require.Equal(t, "ValidationException", code(t, err), "a new one needs a type")
	for i, value := range []string{"a", "b", "b"} {
		version, err := put(value, i > 0, ssmtypes.ParameterTypeString)
		require.NoError(t, err)
		require.EqualValues(t, i+1, version)
	}
	_, err = put("c", false, "")
	require.Equal(t, "ParameterAlreadyExists", code(t, err))
	_, err = put("c", true, ssmtypes.ParameterTypeSecureString)
	require.Equal(t, "HierarchyTypeMismatchException", code(t, err))
	out, err := client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/p")})
	require.NoError(t, err)
	require.Equal(t, "b", *out.Parameter.Value)
	require.EqualValues(t, 3, out.Parameter.Version)
	_, c := w.machine(t)
	machine := ssm.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token))
	_, err = machine.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/p"), Value: aws.String("x"), Overwrite: aws.Bool(true)})
	require.Equal(t, "AccessDeniedException", code(t, err))

	gone := &ssm.DeleteParameterInput{Name: aws.String("/p")}
	_, err = machine.DeleteParameter(t.Context(), gone)
	require.Equal(t, "AccessDeniedException", code(t, err))
	_, err = client.DeleteParameter(t.Context(), gone)
	require.NoError(t, err)
	_, err = client.DeleteParameter(t.Context(), gone)
	require.Equal(t, "ParameterNotFound", code(t, err))
}

func TestObjectsArePutAndListed(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "artifacts"}))
	client := s3.NewFromConfig(w.developer(), func(o *s3.Options) { o.UsePathStyle = true })
	for _, key := range []string{"releases/b.json", "other", "releases/a b.json"} {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("artifacts"), Key: &key, Body: strings.NewReader("of " + key), ContentType: aws.String("application/json")})
		require.NoError(t, err)
	}
	list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("artifacts"), Prefix: aws.String("releases/")})
	require.NoError(t, err)
	require.Len(t, list.Contents, 2)
	require.Equal(t, "releases/a b.json", *list.Contents[0].Key)
	require.EqualValues(t, len("of releases/a b.json"), *list.Contents[0].Size)
	require.False(t, *list.IsTruncated)
	got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("artifacts"), Key: aws.String("releases/a b.json")})
	require.NoError(t, err)
	raw, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	require.Equal(t, "of releases/a b.json", string(raw))
	require.Equal(t, "application/json", *got.ContentType)
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("others"), Key: aws.String("a"), Body: strings.NewReader("")})
	require.Equal(t, "NoSuchBucket", code(t, err))
	_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("others")})
	require.Equal(t, "NoSuchBucket", code(t, err))
}

func TestWhoMayNotListABucketIsNotToldWhatIsNotInIt(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "artifacts"}))
	_, c := w.machine(t)
	may := func(action string) {
		require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: action, Role: "client", Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:` + action + `","Resource":["arn:aws:s3:::artifacts","arn:aws:s3:::artifacts/*"]}]}`}))
	}
	client := s3.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token), func(o *s3.Options) { o.UsePathStyle = true })
	get := func() error {
		_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("artifacts"), Key: aws.String("a")})
		return err
	}
	may("GetObject")
	require.Equal(t, "AccessDenied", code(t, get()))
	_, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("artifacts")})
	require.Equal(t, "AccessDenied", code(t, err))
	may("ListBucket")
	require.Equal(t, "NoSuchKey", code(t, get()))
}
