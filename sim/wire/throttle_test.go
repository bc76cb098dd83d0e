package wire_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// taken is how many calls are taken until one is refused.
func taken(t *testing.T, call func() error) int {
	t.Helper()
	for n := range 1000 {
		var refused smithy.APIError
		if err := call(); err != nil {
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "RequestLimitExceeded", refused.ErrorCode())
			return n
		}
	}
	require.FailNow(t, "every call is taken")
	return 0
}

func TestCallsAreThrottledEachByItsBucket(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.developer(), func(o *ec2.Options) { o.RetryMaxAttempts = 1 })
	all := func() error {
		_, err := client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
		return err
	}
	some := func() error {
		_, err := client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{MaxResults: aws.Int32(100)})
		return err
	}
	require.Equal(t, 50, taken(t, all))
	require.Equal(t, 100, taken(t, some), "what is asked page by page has a bucket of its own")
	w.now = w.now.Add(time.Second)
	require.Equal(t, 10, taken(t, all))
	require.Equal(t, 20, taken(t, some))

	require.NoError(t, w.SetFaults(cloud.Faults{Throttle: 25}))
	require.Equal(t, 2, taken(t, all))
	w.now = w.now.Add(5 * time.Second)
	require.Equal(t, 2, taken(t, all))
	require.NoError(t, w.SetFaults(cloud.Faults{}))
	require.Equal(t, 50, taken(t, all))
}
