package container

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"github.com/talmolab/lablink-infrastructure/agent/rfb"
	"github.com/talmolab/lablink-infrastructure/agent/vnc"
	"github.com/talmolab/lablink-infrastructure/api"
)

// piece is how much of a message is passed on at once, in bytes.
const piece = 64 << 10

// work is a participant's way to their desktop. The image's viewer and its desktop speak a
// dialect of their own, which is passed on as it is: who works here may do all of it.
func (d *Desktop) work(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(api.ViewHeader) != "" {
		vnc.Problem(w, api.Problemf(api.Forbidden, "Who watches does not work", "The stream for that is another one."))
		return
	}
	if p := d.Enter(false); p != nil {
		vnc.Problem(w, p)
		return
	}
	defer d.Leave(false)
	desktop, err := d.dial(r.Context())
	if err != nil {
		vnc.Problem(w, vnc.NotYet())
		return
	}
	defer desktop.CloseNow()
	// Whose page it is was checked by the allocator, which keeps the origin to itself.
	browser, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: []string{protocol}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it was answered
	}
	defer browser.CloseNow()
	browser.SetReadLimit(-1)
	d.carry(r.Context(), browser, desktop)
}

// carry passes on both directions until either ends, or the browser does not answer.
func (d *Desktop) carry(ctx context.Context, browser, desktop *websocket.Conn) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var ways sync.WaitGroup
	ways.Go(func() {
		defer stop()
		_ = pass(ctx, browser, desktop, func(kind byte) {
			if rfb.Works(kind) {
				d.Touch()
			}
		})
	})
	ways.Go(func() {
		defer stop()
		_ = pass(ctx, desktop, browser, func(byte) {})
		_ = browser.Close(websocket.StatusGoingAway, "the desktop ended")
	})
	ways.Go(func() {
		defer stop()
		vnc.Ask(ctx, browser, d.patience)
	})
	ways.Wait()
}

// pass passes on messages, and tells the first byte of each, which in a viewer's says what
// it is.
func pass(ctx context.Context, from, to *websocket.Conn, tell func(first byte)) error {
	buf := make([]byte, piece)
	for {
		kind, in, err := from.Reader(ctx)
		if err != nil {
			return err
		}
		out, err := to.Writer(ctx, kind)
		if err != nil {
			return err
		}
		if err := copyTold(out, in, buf, tell); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
}

func copyTold(out io.Writer, in io.Reader, buf []byte, tell func(byte)) error {
	for begun := false; ; {
		n, err := in.Read(buf)
		if n > 0 {
			if !begun {
				tell(buf[0])
				begun = true
			}
			if _, err := out.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
