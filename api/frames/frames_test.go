package frames

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/hashicorp/yamux"
	"github.com/stretchr/testify/require"
)

// writes counts what is written to a connection.
type writes struct {
	net.Conn
	sizes []int
	fails error
}

func (w *writes) Write(p []byte) (int, error) {
	w.sizes = append(w.sizes, len(p))
	if w.fails != nil || w.Conn == nil {
		return len(p), w.fails
	}
	return w.Conn.Write(p)
}

func TestYamuxWritesEachFrameAtOnce(t *testing.T) {
	here, there := net.Pipe()
	w := &writes{Conn: here}
	config := yamux.DefaultConfig()
	config.EnableKeepAlive, config.LogOutput = false, io.Discard
	client, err := yamux.Client(Conn(w), config)
	require.NoError(t, err)
	defer client.Close()
	server, err := yamux.Server(there, config)
	require.NoError(t, err)
	defer server.Close()
	sent := bytes.Repeat([]byte("desktop "), 40_000) // more than its window
	go func() {
		s, err := client.OpenStream()
		if err == nil {
			_, _ = s.Write(sent)
			_ = s.Close()
		}
	}()
	s, err := server.Accept()
	require.NoError(t, err)
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	require.True(t, bytes.Equal(sent, got))
	require.NoError(t, client.Close())
	require.NoError(t, server.Close())
	require.GreaterOrEqual(t, slices.Max(w.sizes), 64<<10)
	heads := 0
	for _, n := range w.sizes {
		if n == head {
			heads++
		}
	}
	require.LessOrEqual(t, heads, 4, "only frames that carry nothing are as short as a head: %v", w.sizes)
}

func TestAFrameThatCannotBeWrittenFailsOnce(t *testing.T) {
	gone := errors.New("gone")
	w := &writes{fails: gone}
	c := Conn(w)
	announced := []byte{0, data, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2}
	_, err := c.Write(announced)
	require.NoError(t, err)
	require.Empty(t, w.sizes, "it waits")
	_, err = c.Write([]byte("hi"))
	require.ErrorIs(t, err, gone)
	w.fails = nil
	ping := []byte{0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7}
	_, err = c.Write(ping)
	require.NoError(t, err)
	require.Equal(t, []int{head + 2, head}, w.sizes, "nothing of what failed comes again, and a ping is whole by itself")
}
