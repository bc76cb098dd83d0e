package inject_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOrdersThatCannotBeCarriedOutAreRefusedInWords(t *testing.T) {
	i := inject.New(gputest.New(gputest.T4("GPU-a")))
	for why, order := range map[string]inject.Order{
		`"fire" is no fault that can be injected: choose one of clear, driver, ecc`: {Fault: "fire"},
		`xid "": give a number: the XID, for example 79`:                            {Fault: "xid"},
		`xid "-1": give a number`:                                                   {Fault: "xid", Value: "-1"},
		`rows "": choose one of pending, failed`:                                    {Fault: "rows"},
		`lost takes no value, and "yes" was given`:                                  {Fault: "lost", Value: "yes"},
		`there is no GPU 0: the machine has 0 of them`:                              {Fault: "lost"}, // nobody looked yet
	} {
		assert.ErrorContains(t, i.Apply(order), why)
	}
	_, err := i.Devices()
	require.NoError(t, err)
	assert.ErrorContains(t, i.Apply(inject.Order{Fault: "lost", GPU: 1}), "there is no GPU 1: the machine has 1 of them, counted from 0")
	for range 100 {
		require.NoError(t, i.Apply(inject.Order{Fault: "xid", Value: "31"}))
	}
	assert.ErrorContains(t, i.Apply(inject.Order{Fault: "xid", Value: "31"}), "too many events wait")
}

func TestNothingIsChangedBeforeSomethingIsBroken(t *testing.T) {
	i := inject.New(gputest.New(gputest.T4("GPU-a")))
	for range 2 {
		devices, err := i.Devices()
		require.NoError(t, err)
		power, err := devices[0].Power()
		require.NoError(t, err)
		assert.InDelta(t, 61.5, power, 0)
		for _, fault := range []string{"unreadable", "lost"} {
			require.NoError(t, i.Apply(inject.Order{Fault: fault}))
		}
		_, err = devices[0].Power()
		require.Error(t, err)
		require.NoError(t, i.Apply(inject.Order{Fault: "clear"}))
	}
}

func TestOrdersGoThroughASocketOfTheAgentsOwn(t *testing.T) {
	d := t.TempDir()
	var got []inject.Order
	s, err := inject.Listen(d, func(o inject.Order) error {
		got = append(got, o)
		if o.GPU == 1 {
			return errors.New("there is no GPU 1")
		}
		return nil
	})
	require.NoError(t, err)
	info, err := os.Stat(inject.Socket(d))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "nobody else reaches it")
	want := inject.Order{Fault: "xid", Value: "79"}
	require.NoError(t, inject.Send(t.Context(), d, want))
	assert.EqualError(t, inject.Send(t.Context(), d, inject.Order{Fault: "lost", GPU: 1}), "there is no GPU 1")
	require.NoError(t, s.Close())
	assert.Equal(t, []inject.Order{want, {Fault: "lost", GPU: 1}}, got)

	assert.ErrorContains(t, inject.Send(t.Context(), d, want), "no agent takes orders")
	require.NoError(t, os.WriteFile(inject.Socket(d), nil, 0o600)) // as of an agent that was killed
	again, err := inject.Listen(d, func(inject.Order) error { return nil })
	require.NoError(t, err)
	require.NoError(t, inject.Send(t.Context(), d, want))
	require.NoError(t, again.Close())
}

func TestASecondAgentInAFolderLeavesTheFirstOneItsSocket(t *testing.T) {
	d := t.TempDir()
	var got []inject.Order
	first, err := inject.Listen(d, func(o inject.Order) error {
		got = append(got, o)
		return nil
	})
	require.NoError(t, err)
	_, err = inject.Listen(d, func(inject.Order) error { return nil })
	require.ErrorContains(t, err, "another agent takes orders at "+inject.Socket(d)+": end it first")
	want := inject.Order{Fault: "xid", Value: "79"}
	require.NoError(t, inject.Send(t.Context(), d, want))
	require.NoError(t, first.Close())
	assert.Equal(t, []inject.Order{want}, got)
}

func TestAFolderWithALongNameServesAsWell(t *testing.T) {
	d := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	assert.ErrorContains(t, inject.Send(t.Context(), d, inject.Order{Fault: "clear"}), "no agent takes orders")
	s, err := inject.Listen(d, func(inject.Order) error { return nil })
	require.NoError(t, err)
	require.NoError(t, inject.Send(t.Context(), d, inject.Order{Fault: "clear"}))
	require.NoError(t, s.Close())
	_, err = os.Stat(inject.Socket(d))
	assert.ErrorIs(t, err, os.ErrNotExist, "it leaves nothing")
}
