package main

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
)

// listening is a client for AWS's API that lets a clock hear what AWS's says.
type listening struct {
	client interface {
		Do(r *http.Request) (*http.Response, error)
	}
	clock *readiness.Clock
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
