package readiness_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestADiskThatIsNearlyFullIsTold(t *testing.T) {
	const gib = 1 << 10 // in MiB
	for _, c := range []struct {
		free, all uint64 // in MiB
		well      bool
	}{
		{10 * gib, 20 * gib, true},
		{20*gib/20 + 1, 20 * gib, true},
		{20*gib/20 - 1, 20 * gib, false},
		{201, 2 * gib, true},
		{199, 2 * gib, false},
		{2 * gib, 1000 * gib, true}, // enough, on a large one
		{gib - 1, 1000 * gib, false},
	} {
		disk := readiness.Disk{Folder: "/data", Statfs: func(path string, into *syscall.Statfs_t) error {
			require.Equal(t, "/data", path)
			into.Bsize, into.Bavail, into.Blocks = 4096, c.free<<8, c.all<<8
			return nil
		}}
		err := disk.Check(t.Context())
		if c.well {
			require.NoError(t, err, "%d of %d MiB", c.free, c.all)
		} else {
			require.ErrorContains(t, err, "Set allocator.dataVolumeGiB higher", "%d of %d MiB", c.free, c.all)
		}
	}
	require.NoError(t, readiness.Disk{Folder: t.TempDir(), Statfs: syscall.Statfs}.Check(t.Context()), "this computer's")
	require.Error(t, readiness.Disk{Folder: filepath.Join(t.TempDir(), "nowhere"), Statfs: syscall.Statfs}.Check(t.Context()))
}

func TestAWriteIsTriedEveryTenSecondsAtMost(t *testing.T) {
	now, tries := noon, 0
	var says error
	w := &readiness.Writes{Now: func() time.Time { return now }, Patience: time.Hour, Write: func(context.Context, time.Time) error {
		tries++
		return says
	}}
	for range 3 {
		require.NoError(t, w.Check(t.Context()))
	}
	require.Equal(t, 1, tries)
	says, now = errors.New("database or disk is full"), now.Add(10*time.Second)
	for range 3 {
		require.ErrorContains(t, w.Check(t.Context()), "disk is full")
	}
	require.Equal(t, 2, tries)
	says, now = nil, now.Add(10*time.Second)
	require.NoError(t, w.Check(t.Context()))
}

func TestAWriteThatHangsIsTriedOnce(t *testing.T) {
	now, finish := noon, make(chan struct{})
	var tries atomic.Int32
	w := &readiness.Writes{Now: func() time.Time { return now }, Write: func(context.Context, time.Time) error {
		tries.Add(1)
		<-finish
		return nil
	}}
	require.NoError(t, w.Check(t.Context()), "it may take its time")
	now = now.Add(time.Minute)
	for range 3 {
		require.ErrorContains(t, w.Check(t.Context()), "has not committed for 1m0s")
	}
	require.LessOrEqual(t, tries.Load(), int32(1), "no second one is begun meanwhile")
	close(finish)
	w.Patience = time.Hour
	require.NoError(t, w.Check(t.Context()))
}

func TestAClockThatJumpsIsToldForAWhile(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour, 6 * time.Second} {
		wall, passed := noon, time.Duration(0)
		move := func(of, by time.Duration) { wall, passed = wall.Add(of), passed+by }
		c := &readiness.Clock{Wall: func() time.Time { return wall }, Passed: func() time.Duration { return passed }}
		require.NoError(t, c.Check(t.Context()))
		move(time.Hour+time.Second, time.Hour) // it is slewed a little
		require.NoError(t, c.Check(t.Context()))
		move(time.Minute+by, time.Minute)
		require.ErrorContains(t, c.Check(t.Context()), "jumped by "+by.String())
		move(14*time.Minute, 14*time.Minute)
		require.ErrorContains(t, c.Check(t.Context()), "chronyc")
		move(2*time.Minute, 2*time.Minute)
		require.NoError(t, c.Check(t.Context()))
	}
	require.NoError(t, readiness.NewClock().Check(t.Context()))
}

func TestAClockIsTrustedByWhatAnotherOneSays(t *testing.T) {
	wall, passed := noon, time.Duration(0)
	move := func(of, by time.Duration) { wall, passed = wall.Add(of), passed+by }
	c := &readiness.Clock{Wall: func() time.Time { return wall }, Passed: func() time.Duration { return passed }}
	c.Heard(noon.Add(-30 * time.Second))
	require.NoError(t, c.Check(t.Context()), "its answer took a while")
	move(25*time.Hour, time.Hour)
	require.ErrorContains(t, c.Check(t.Context()), "24h0m30s ahead of AWS's")
	require.ErrorContains(t, c.Check(t.Context()), "no workshop, seat or machine is ended")
	move(20*time.Minute, 20*time.Minute)
	require.Error(t, c.Check(t.Context()), "for as long as it takes")
	move(-24*time.Hour, 0)
	require.NoError(t, c.Check(t.Context()), "it was set right")
	move(2*time.Hour, time.Hour)
	require.Error(t, c.Check(t.Context()))
	c.Heard(wall)
	require.NoError(t, c.Check(t.Context()), "it was wrong before the jump")
	c.Heard(wall.Add(2 * time.Minute))
	require.ErrorContains(t, c.Check(t.Context()), "2m0s behind AWS's")
}

// refusing is an EC2 that answers with an error, or none.
type refusing struct {
	allocator.Compute
	err error
}

func (r *refusing) Instances(context.Context) ([]allocator.Instance, error) { return nil, r.err }
func (r *refusing) Terminate(context.Context, []string) error               { return r.err }
func (r *refusing) Launch(context.Context, string) ([]allocator.Instance, []allocator.Refusal, error) {
	return nil, nil, r.err
}

func TestAnEC2ThatRefusesForMinutesIsTold(t *testing.T) {
	now := noon
	ec2 := &refusing{}
	c := &readiness.Cloud{Compute: ec2, Now: func() time.Time { return now }}
	throttled := api.Problemf(api.Unavailable, "AWS refuses", "arn:aws:sts::123456789012:assumed-role/x")
	look := func(err error) {
		ec2.err = err
		_, got := c.Instances(t.Context())
		require.Equal(t, err, got)
	}
	look(throttled)
	now = now.Add(time.Minute)
	look(throttled)
	require.NoError(t, c.Check(t.Context()), "a minute is nothing")
	now = now.Add(time.Minute)
	look(throttled)
	err := c.Check(t.Context())
	require.ErrorContains(t, err, "look at machines for 2 minutes: it asks to go slower")
	require.NotContains(t, err.Error(), "arn:", "anybody may read it")
	look(nil)
	require.NoError(t, c.Check(t.Context()))

	launch := func(err error) { ec2.err = err; _, _, _ = c.Launch(t.Context(), "x") }
	launch(api.Problemf(api.Forbidden, "AWS refuses", ""))
	now = now.Add(5 * time.Minute)
	require.NoError(t, c.Check(t.Context()), "it was asked once")
	launch(api.Problemf(api.Forbidden, "AWS refuses", ""))
	look(nil)
	require.ErrorContains(t, c.Check(t.Context()), "launch machines for 5 minutes: it refuses the allocator's role", "looking still works")
	now = now.Add(21 * time.Minute)
	require.NoError(t, c.Check(t.Context()), "nobody has asked since")

	for _, err := range []error{api.Problemf(api.Capacity, "None", ""), api.Problemf(api.Quota, "None", ""), context.Canceled} {
		for range 2 {
			launch(err)
			now = now.Add(3 * time.Minute)
		}
		require.NoError(t, c.Check(t.Context()), "%v is told elsewhere", err)
	}
	for range 2 {
		ec2.err = errors.New("no route to host")
		_ = c.Terminate(t.Context(), nil)
		now = now.Add(3 * time.Minute)
	}
	require.ErrorContains(t, c.Check(t.Context()), "end machines for 3 minutes: it does not answer")
}
