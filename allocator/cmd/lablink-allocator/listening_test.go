package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
)

func TestAClockHearsWhatAWSAnswers(t *testing.T) {
	c := &readiness.Clock{Wall: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }, Passed: func() time.Duration { return 0 }}
	says := "Sun, 01 Mar 2026 11:00:00 GMT"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Date", says) }))
	defer server.Close()
	client := listenTo(aws.Config{}, c).HTTPClient
	for date, told := range map[string]string{"Sun, 01 Mar 2026 11:00:00 GMT": "1h0m0s ahead", "no date": "1h0m0s ahead"} {
		says = date
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		res, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		if date != "no date" {
			require.ErrorContains(t, c.Check(t.Context()), told)
		}
	}
	server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	_, err = client.Do(req)
	require.Error(t, err)
}

func TestACallThatAWSNeverAnswersIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hears := func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, far) }()
			return near, nil
		}
		client := awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) { tr.DialContext = hears })
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://ec2.example", nil)
		require.NoError(t, err)
		_, err = listenTo(aws.Config{HTTPClient: client}, readiness.NewClock()).HTTPClient.Do(req)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
