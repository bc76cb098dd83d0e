package stack

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slow is an account in which things go one look after the other, the last ones
// never.
type slow struct {
	machines, things []string
	forever          int
	ended            []string // as they were asked to
	err              error
}

func (s *slow) EndMachines(context.Context) ([]string, error) {
	there := slices.Clone(s.machines)
	s.ended = append(s.ended, there...)
	if len(s.machines) > s.forever {
		s.machines = s.machines[1:]
	}
	return there, s.err
}

func (s *slow) Left(context.Context) (out []Thing, err error) {
	for _, id := range s.things {
		out = append(out, Thing{ID: id, Name: "n"})
	}
	if len(s.things) > s.forever {
		s.things = s.things[1:]
	}
	return out, s.err
}

func (*slow) Number(context.Context) (string, error) { return "123456789012", nil }

func telling() (*Workspace, *strings.Builder) {
	said := &strings.Builder{}
	return &Workspace{Out: said}, said
}

func TestMachinesAreWaitedForUntilTheyHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, said := telling()
		a := &slow{machines: []string{"i-1", "i-2", "i-3"}}
		require.NoError(t, w.endMachines(t.Context(), a))
		require.Empty(t, a.machines)
		require.Equal(t, []string{"i-1", "i-2", "i-3", "i-2", "i-3", "i-3"}, a.ended, "asked at every look, for what was launched meanwhile")
		require.Contains(t, said.String(), "these machines have ended: i-1, i-2, i-3")

		begin := time.Now()
		a = &slow{machines: []string{"i-1", "i-2"}, forever: 1}
		require.ErrorContains(t, w.endMachines(t.Context(), a), "these machines have not ended: i-2")
		require.InDelta(t, machinesEnd.Seconds(), time.Since(begin).Seconds(), 2*between.Seconds())

		require.ErrorContains(t, w.endMachines(t.Context(), &slow{err: errors.New("denied")}), "denied")
	})
}

func TestNothingIsProvedWhileSomethingIsListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, said := telling()
		require.NoError(t, w.prove(t.Context(), &slow{things: []string{"volume/vol-1", "volume/vol-2"}}, nil), "AWS was slow to forget them")
		require.Contains(t, said.String(), "nothing more is there.")

		w, said = telling()
		begin := time.Now()
		err := w.prove(t.Context(), &slow{things: []string{"volume/vol-1", "arn:aws:sns:r:1:alarms"}, forever: 1}, nil)
		require.ErrorContains(t, err, "is left, and no stack holds it")
		require.InDelta(t, gone.Seconds(), time.Since(begin).Seconds(), 2*between.Seconds())
		require.Contains(t, said.String(), "    arn:aws:sns:r:1:alarms (n)\n")

		require.ErrorContains(t, w.prove(t.Context(), &slow{err: errors.New("denied")}, nil), "not known whether anything is left: denied")
	})
}

func TestAnInterruptIsNotTakenForTheEndOfTheTime(t *testing.T) {
	w, _ := telling()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	const unknown = "interrupted: it is not known whether anything is left"
	err := w.prove(ctx, &slow{things: []string{"volume/vol-1"}, forever: 1}, nil)
	require.ErrorContains(t, err, unknown)
	require.NotContains(t, err.Error(), "delete it")
	err = w.endMachines(ctx, &slow{machines: []string{"i-1"}, forever: 1})
	require.ErrorContains(t, err, unknown)
	require.Equal(t, err, w.afterFailure(ctx, Target{}, &slow{}, err), "it is said once")
	err = w.afterFailure(ctx, Target{}, &slow{}, errors.New("pulumi was interrupted"))
	require.ErrorContains(t, err, "pulumi was interrupted")
	require.ErrorContains(t, err, unknown)
}

func TestWhatTheStackHasAndWhatStaysOnPurposeIsNotLeftOver(t *testing.T) {
	after := []resource{
		{ID: "vol-1"}, {ID: "eipalloc-1", Outputs: map[string]any{"arn": "arn:aws:ec2:r:1:elastic-ip/eipalloc-1"}},
		{ID: "lablink-artifacts", Outputs: map[string]any{"arn": "arn:aws:s3:::lablink-artifacts"}},
	}
	lasts := []string{
		"arn:aws:ec2:r::snapshot/snap-1", "arn:aws:rds:r:1:snapshot:lablink-database-final-prod", "arn:aws:imagebuilder:r:1:component/gpu/1.0.0/1",
		"arn:aws:ec2:r:1:image/ami-1", "arn:aws:kms:r:1:key/k",
	}
	w, said := telling()
	a := &slow{things: append([]string{"volume/vol-1", "arn:aws:ec2:r:1:elastic-ip/eipalloc-1", "arn:aws:s3:::lablink-artifacts"}, lasts...), forever: 8}
	require.NoError(t, w.prove(t.Context(), a, after))
	for _, id := range lasts {
		require.Contains(t, said.String(), "    "+id+" (n): ")
	}
	require.Equal(t, len(lasts), strings.Count(said.String(), " (n): "))
	for _, id := range []string{"volume/vol-12", "arn:aws:s3:::lablink-artifacts-2", "arn:aws:rds:r:1:db:lablink", "arn:aws:ec2:r:1:instance/i-1"} {
		thing := Thing{ID: id}
		require.Empty(t, thing.stays(), id)
		require.False(t, slices.ContainsFunc(after, thing.is), id)
	}
}
