package main

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
)

// listening is a client for AWS's API that lets a clock hear what AWS's says.
type listening struct {
	client aws.HTTPClient
	clock  *readiness.Clock
}

// listenTo is c with a client that listens.
func listenTo(c aws.Config, clock *readiness.Clock) aws.Config {
	l := listening{client: c.HTTPClient, clock: clock}
	if l.client == nil { // what the SDK takes then
		l.client = awshttp.NewBuildableClient()
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
