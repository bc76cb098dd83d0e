package main

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
)

// callTime is how long one try of a call to EC2 may take: longer than EC2 takes to launch
// a lot. The tries of a call end before the step of an operation that makes it would.
const callTime = time.Minute

// listening is a client for AWS's API that lets a clock hear what AWS's says.
type listening struct {
	client aws.HTTPClient
	clock  *readiness.Clock
}

// listenTo is c with a client that listens, and that gives up what is not answered: the
// SDK's own waits for ever.
func listenTo(c aws.Config, clock *readiness.Clock) aws.Config {
	l := listening{client: c.HTTPClient, clock: clock}
	if l.client == nil { // what the SDK takes then
		l.client = awshttp.NewBuildableClient()
	}
	if own, ok := l.client.(*awshttp.BuildableClient); ok {
		l.client = own.WithTimeout(callTime)
	}
	c.HTTPClient = l
	return c
}

// Do sends a request.
func (l listening) Do(r *http.Request) (*http.Response, error) {
	res, err := l.client.Do(r)
	if err != nil {
		return res, err
	}
	if at, bad := http.ParseTime(res.Header.Get("Date")); bad == nil {
		l.clock.Heard(at)
	}
	return res, nil
}
