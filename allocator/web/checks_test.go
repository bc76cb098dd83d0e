package web_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAWarningIsToldAndTheAllocatorIsReadyAllTheSame(t *testing.T) {
	var warns error
	w := newWorld(t, func(c *web.Config) {
		c.Checks = append(c.Checks, web.NamedCheck{Name: "ec2", Warning: true, Check: func(context.Context) error { return warns }})
	})
	staff := w.staff(t)
	page := func() string { return mustOpen(t, staff, "/admin") }
	require.NotContains(t, page(), `class="problem"`, "nothing is wrong")

	warns = errors.New("EC2 asks to go slower")
	res, body := staff.send(t, http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	ready := decode[api.Ready](t, body)
	require.True(t, ready.Ready)
	require.Contains(t, ready.Checks, api.Check{Name: "ec2", Reason: "EC2 asks to go slower", Warning: true})
	require.Contains(t, page(), "Warning: ec2.</strong> EC2 asks to go slower.")

	w.broken = errors.New("the disk is full")
	res, _ = staff.send(t, http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Contains(t, page(), "Not ready: database.</strong> the disk is full.")
}
