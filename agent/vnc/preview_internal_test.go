package vnc

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// black is what a desktop of one pixel answers.
const black = "\x01\x01" + "\x00\x00\x00\x00" + "\x00\x01\x00\x01pppppppppppppppp\x00\x00\x00\x00" +
	"\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00" + "\x00\x00\x00\xff"

func TestWhoDoesNotWaitForASmallPictureTakesItFromNobody(t *testing.T) {
	var ways sync.WaitGroup
	reach := func(context.Context) (net.Conn, []byte, error) {
		here, desktop := net.Pipe()
		ways.Go(func() { _, _ = io.Copy(io.Discard, desktop) })
		ways.Go(func() { _, _ = io.Copy(desktop, strings.NewReader(black)) })
		return here, nil, nil
	}
	d := NewReached("vnc", reach, Places{}, nil, time.Now)
	d.session = "anns"
	gone, stop := context.WithCancel(t.Context())
	stop()
	_, err := d.small(gone)
	require.NoError(t, err)
	raw, err := d.small(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, raw, "others see it")
	ways.Wait()
}
