package wire_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// bucketOf is a bucket and clients of the developer and of a machine's role.
func bucketOf(t *testing.T, w *world) (dev, machine *s3.Client) {
	t.Helper()
	require.NoError(t, w.CreateBucket(&cloud.Bucket{Bucket: "data"}))
	_, c := w.machine(t)
	path := func(o *s3.Options) { o.UsePathStyle = true }
	return s3.NewFromConfig(w.developer(), path), s3.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token), path)
}

func (w *world) allow(t *testing.T, statements string) {
	t.Helper()
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: `{"Version":"2012-10-17","Statement":[` + statements + `]}`}))
}

func put(ctx context.Context, c *s3.Client, key, content string) error {
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String(key), Body: strings.NewReader(content), Metadata: map[string]string{"who": "me"}})
	return err
}

func TestAnObjectIsWrittenCopiedReadAndDeleted(t *testing.T) {
	w := newWorld(t)
	dev, _ := bucketOf(t, w)
	ctx, bucket := t.Context(), aws.String("data")
	require.NoError(t, put(ctx, dev, ".pulumi/a b.json", "hello"))
	_, err := dev.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("data/.pulumi%2Fa%20b.json")})
	require.NoError(t, err)
	out, err := dev.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("copy")})
	require.NoError(t, err)
	defer out.Body.Close()
	raw, err := io.ReadAll(out.Body)
	require.NoError(t, err)
	require.Equal(t, "hello", string(raw))
	require.Equal(t, map[string]string{"who": "me"}, out.Metadata)
	for range 2 { // also what is not there can be deleted
		_, err = dev.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("copy")})
		require.NoError(t, err)
	}
	_, err = dev.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("copy")})
	require.Equal(t, "NotFound", code(t, err))
}

func TestAListHasPagesAndFolders(t *testing.T) {
	w := newWorld(t)
	dev, _ := bucketOf(t, w)
	for _, key := range []string{"a/1", "a/2", "a/b/3", "a/b/4", "a/c", "b"} {
		require.NoError(t, put(t.Context(), dev, key, key))
	}
	for _, c := range []struct {
		prefix, delimiter string
		limit             int32
		want              []string
		pages             int
	}{
		{"", "", 1000, []string{"a/1", "a/2", "a/b/3", "a/b/4", "a/c", "b"}, 1},
		{"a/", "", 2, []string{"a/1", "a/2", "a/b/3", "a/b/4", "a/c"}, 3},
		{"a/", "/", 1000, []string{"a/1", "a/2", "a/b/", "a/c"}, 1},
		{"a/", "/", 1, []string{"a/1", "a/2", "a/b/", "a/c"}, 4},
		{"", "/", 1, []string{"a/", "b"}, 2},
		{"none", "/", 1, nil, 1},
	} {
		var got []string
		pages := s3.NewListObjectsV2Paginator(dev, &s3.ListObjectsV2Input{
			Bucket: aws.String("data"), Prefix: aws.String(c.prefix), Delimiter: aws.String(c.delimiter), MaxKeys: aws.Int32(c.limit),
		})
		n := 0
		for ; pages.HasMorePages(); n++ {
			page, err := pages.NextPage(t.Context())
			require.NoError(t, err)
			for _, p := range page.Contents {
				require.EqualValues(t, len(*p.Key), *p.Size)
				got = append(got, *p.Key)
			}
			for _, p := range page.CommonPrefixes {
				got = append(got, *p.Prefix)
			}
		}
		require.ElementsMatch(t, c.want, got, "%+v", c)
		require.Equal(t, c.pages, n, "%+v", c)
	}
}

func TestARoleWritesAndListsWhatItsPoliciesAllow(t *testing.T) {
	w := newWorld(t)
	_, machine := bucketOf(t, w)
	ctx, bucket := t.Context(), aws.String("data")
	list := func(prefix string) error {
		_, err := machine.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String(prefix)})
		return err
	}
	remove := func(key string) error {
		_, err := machine.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String(key)})
		return err
	}
	for _, err := range []error{put(ctx, machine, "own/x", ""), list("own/"), remove("own/x")} {
		require.Equal(t, "AccessDenied", code(t, err))
	}
	w.allow(t, `{"Effect":"Allow","Action":["s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::data/own/*"},
		{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::data","Condition":{"StringLike":{"s3:prefix":"own/*"}}}`)
	for _, err := range []error{put(ctx, machine, "own/x", ""), list("own/"), remove("own/x")} {
		require.NoError(t, err)
	}
	for _, err := range []error{put(ctx, machine, "other/x", ""), list("other/"), list(""), remove("other/x")} {
		require.Equal(t, "AccessDenied", code(t, err))
	}
}

func TestABucketsKeyIsNeededToWriteAndToRead(t *testing.T) {
	w := newWorld(t)
	_, machine := bucketOf(t, w)
	k := &cloud.Key{}
	require.NoError(t, w.CreateKey(k))
	setting := &cloud.BucketEncryption{Bucket: "data", Rules: make([]cloud.EncryptionRule, 1)}
	setting.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm = "aws:kms"
	setting.Rules[0].ApplyServerSideEncryptionByDefault.KMSMasterKeyID = k.ARN
	require.NoError(t, w.PutBucketSetting(setting))
	read := func() error {
		out, err := machine.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("data"), Key: aws.String("k")})
		if err == nil {
			require.Equal(t, "aws:kms", string(out.ServerSideEncryption))
			err = out.Body.Close()
		}
		return err
	}
	const objects = `{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":"arn:aws:s3:::data/*"}`
	w.allow(t, objects)
	require.Equal(t, "AccessDenied", code(t, put(t.Context(), machine, "k", "v")), "without the key")
	use := func(action, via, arn string) string {
		return `,{"Effect":"Allow","Action":"` + action + `","Resource":"` + k.ARN + `","Condition":{"StringEquals":{"kms:ViaService":"` + via + `","kms:EncryptionContext:aws:s3:arn":"` + arn + `"}}}`
	}
	const via, arn = "s3.us-west-2.amazonaws.com", "arn:aws:s3:::data"
	w.allow(t, objects+use("kms:GenerateDataKey", via, arn))
	require.NoError(t, put(t.Context(), machine, "k", "v"))
	require.Equal(t, "AccessDenied", code(t, read()), "writing is not reading")
	w.allow(t, objects+use("kms:Decrypt", via, "arn:aws:s3:::other"))
	require.Equal(t, "AccessDenied", code(t, read()), "with the key for another bucket")
	w.allow(t, objects+use("kms:Decrypt", via, arn))
	require.NoError(t, read())
	require.NoError(t, w.DeleteKey(k.ID))
	require.Equal(t, "KMSInvalidStateException", code(t, read()), "with a key that is going away")
}

func TestABodyThatWasDamagedOnItsWayIsRefused(t *testing.T) {
	w := newWorld(t)
	dev, _ := bucketOf(t, w)
	_, err := dev.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String("k"), Body: strings.NewReader("x"), ChecksumSHA256: aws.String("AAAA")})
	require.Equal(t, "BadDigest", code(t, err))
	_, err = dev.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String("k"), Body: strings.NewReader("x"), ACL: "public-read"})
	require.Equal(t, "NotImplemented", code(t, err), "what would be ignored")
	require.Equal(t, "NotImplemented", code(t, put(t.Context(), dev, "a//b", "x")), "a key that would be kept under another name")
}
