package work_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/work"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// world is a bucket of the simulator, whose clock the test moves.
type world struct {
	*work.Bucket
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	account, err := cloud.Open(cloud.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	require.NoError(t, account.CreateBucket(&cloud.Bucket{Bucket: "lab-work"}))
	w := &world{now: time.Now()}
	server := httptest.NewServer(wire.NewServer(account, func() time.Time { return w.now }))
	t.Cleanup(server.Close)
	client := s3.NewFromConfig(aws.Config{
		Region: account.Region(), BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		// As a configuration that is loaded has it.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}, nil
		}),
	}, func(o *s3.Options) { o.UsePathStyle = true })
	w.Bucket = work.New(client, "lab-work", "work/lab/test/")
	return w
}

func send(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(raw)
}

func TestAFileIsPutListedAndGotBySignedAddresses(t *testing.T) {
	w := newWorld(t)
	const key = "wks_1/sea_1/2026-03-01T090000Z/results/a b+c.csv"
	put, err := w.Upload(t.Context(), key, 5)
	require.NoError(t, err)
	require.Contains(t, put, "/work/lab/test/wks_1/", "environments of an account share a bucket")
	status, said := send(t, http.MethodPut, put, "12345")
	require.Equal(t, http.StatusOK, status, said)
	empty, err := w.Upload(t.Context(), "wks_1/sea_2/empty", 0)
	require.NoError(t, err)
	status, said = send(t, http.MethodPut, empty, "")
	require.Equal(t, http.StatusOK, status, said)
	files, err := w.List(t.Context(), "wks_1/")
	require.NoError(t, err)
	require.Len(t, files, 2)
	require.Equal(t, []any{key, int64(5)}, []any{files[0].Key, files[0].Bytes})
	get, err := w.Download(t.Context(), key)
	require.NoError(t, err)
	status, said = send(t, http.MethodGet, get, "")
	require.Equal(t, []any{http.StatusOK, "12345"}, []any{status, said})

	file, err := w.Open(t.Context(), key)
	require.NoError(t, err)
	raw, err := io.ReadAll(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Equal(t, "12345", string(raw))
	_, err = w.Open(t.Context(), key+".gone")
	require.Equal(t, api.NotFound, api.CodeOf(err), "%v", err)
}

func TestNoBrowserShowsAsAPageWhatAParticipantMade(t *testing.T) {
	w := newWorld(t)
	put, err := w.Upload(t.Context(), "wks_1/sea_1/a.html", 5)
	require.NoError(t, err)
	status, said := send(t, http.MethodPut, put, "<p>hi")
	require.Equal(t, http.StatusOK, status, said)
	get, err := w.Download(t.Context(), "wks_1/sea_1/a.html")
	require.NoError(t, err)
	res, err := http.Get(get)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, []string{"200 OK", "attachment"}, []string{res.Status, res.Header.Get("Content-Disposition")})
}

// put puts with headers.
func put(t *testing.T, url string, headers map[string]string, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func TestAnAddressMayTakeAFileOnce(t *testing.T) {
	w := newWorld(t)
	const key = "wks_1/sea_1/a"
	first, headers, err := w.UploadOnce(t.Context(), key, 5, "")
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, put(t, first, nil, "12345"), "the headers belong to it")
	require.Equal(t, http.StatusOK, put(t, first, headers, "12345"))
	require.Equal(t, http.StatusPreconditionFailed, put(t, first, headers, "54321"))

	files, err := w.List(t.Context(), "wks_1/")
	require.NoError(t, err)
	second, headers, err := w.UploadOnce(t.Context(), key, 5, files[0].Tag)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, put(t, second, headers, "abcde"), "what changed since takes its place")
	require.Equal(t, http.StatusPreconditionFailed, put(t, second, headers, "edcba"))
	require.Equal(t, http.StatusForbidden, put(t, second, map[string]string{"If-None-Match": "*"}, "edcba"))
	get, err := w.Download(t.Context(), key)
	require.NoError(t, err)
	_, said := send(t, http.MethodGet, get, "")
	require.Equal(t, "abcde", said)
	third, headers, err := w.UploadOnce(t.Context(), "wks_1/sea_1/gone", 5, `"abc"`)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, put(t, third, headers, "12345"))
}

func TestASignedAddressIsGoodForWhatItSaysAndForAWhile(t *testing.T) {
	w := newWorld(t)
	put, err := w.Upload(t.Context(), "wks_1/sea_1/a", 5)
	require.NoError(t, err)
	for what, c := range map[string][3]string{
		"more bytes":    {http.MethodPut, put, "123456"},
		"another file":  {http.MethodPut, strings.Replace(put, "sea_1/a", "sea_1/b", 1), "12345"},
		"another use":   {http.MethodGet, put, ""},
		"longer":        {http.MethodPut, strings.Replace(put, "X-Amz-Expires=900", "X-Amz-Expires=9000", 1), "12345"},
		"somebody else": {http.MethodPut, strings.Replace(put, cloud.DeveloperKey, "AKIASOMEBODYELSE1234", 1), "12345"},
	} {
		status, said := send(t, c[0], c[1], c[2])
		require.Equal(t, http.StatusForbidden, status, "%s: %s", what, said)
	}
	w.now = w.now.Add(16 * time.Minute)
	status, said := send(t, http.MethodPut, put, "12345")
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, said, "Request has expired")
}
