package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
