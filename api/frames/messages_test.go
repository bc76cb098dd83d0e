package frames

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// wire counts what is written to it.
type wire struct {
	io.ReadWriteCloser
	sizes *[]int
}

func (w wire) Write(p []byte) (int, error) {
	*w.sizes = append(*w.sizes, len(p))
	return w.ReadWriteCloser.Write(p)
}

// upgraded is a transport whose connections of WebSocket are wrapped.
type upgraded struct {
	wrap func(io.ReadWriteCloser) io.ReadWriteCloser
}

func (u upgraded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && res.StatusCode == http.StatusSwitchingProtocols {
		res.Body = u.wrap(res.Body.(io.ReadWriteCloser))
	}
	return res, err
}

func TestMessagesOfAnySizeArriveAndGoOutWhole(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		ws.SetReadLimit(-1)
		for {
			kind, said, err := ws.Read(context.WithoutCancel(r.Context()))
			if err != nil {
				return
			}
			_ = ws.Write(context.WithoutCancel(r.Context()), kind, said)
		}
	}))
	defer server.Close()
	var sizes []int
	client := &http.Client{Transport: upgraded{func(c io.ReadWriteCloser) io.ReadWriteCloser { return Messages(wire{c, &sizes}) }}}
	ws, _, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{HTTPClient: client})
	require.NoError(t, err)
	defer ws.CloseNow()
	ws.SetReadLimit(-1)
	for _, n := range []int{0, 1, 125, 126, 4082, 4083, 4088, 4089, 4096, 8192, 65_535, 65_536, most, 5 * most} {
		sizes = nil
		said := bytes.Repeat([]byte{7}, n)
		require.NoError(t, ws.Write(t.Context(), websocket.MessageBinary, said))
		if n < most-20 {
			require.Len(t, sizes, 1, "%d bytes", n)
		}
		_, heard, err := ws.Read(t.Context())
		require.NoError(t, err)
		require.True(t, bytes.Equal(said, heard), "%d bytes", n)
	}
	require.NoError(t, ws.Ping(ws.CloseRead(t.Context())))
}

func TestAHeadMayComeInPieces(t *testing.T) {
	var out bytes.Buffer
	m := Messages(nobody{&out})
	whole := append([]byte{0x82, 0xfe, 0x01, 0x00, 1, 2, 3, 4}, make([]byte, 256)...)
	for i, b := range whole {
		n, err := m.Write([]byte{b})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, i == len(whole)-1, out.Len() > 0, "%d", i)
	}
	require.Equal(t, whole, out.Bytes())
}

type nobody struct{ io.ReadWriter }

func (nobody) Close() error { return nil }
