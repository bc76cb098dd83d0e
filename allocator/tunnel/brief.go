package tunnel

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// maxBrief bounds such an answer, with its head, in bytes.
const maxBrief = maxStatus + maxWords

// brief is Transport for what is asked and answered in a few lines.
func (h *Hub) brief(machine string) http.RoundTripper {
	if there := h.there(machine); there != nil {
		return there
	}
	return once(func() (net.Conn, error) { return h.dial(machine) })
}

// once makes one request on a connection of its own, and reads the answer after it:
// without the goroutines of http.Transport that outlast the question, for which a room
// that begins at once would wait.
type once func() (net.Conn, error)

// RoundTrip writes the request and reads the answer. The connection ends with the
// answer's body, or with the request's context.
func (dial once) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	conn, err := dial.within(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() {
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // a stream that is closed can be read still
		_ = conn.Close()
	})
	end := func() error { stop(); return conn.Close() }
	r = r.Clone(ctx)
	r.Close = true
	res, err := exchange(conn, r)
	if ctx.Err() != nil { // whatever else was said
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, end())
	}
	res.Body = body{res.Body, end}
	return res, nil
}

// within dials for no longer than a context: an agent that takes no streams lets the
// next one wait. A connection that comes late is closed.
func (dial once) within(ctx context.Context) (net.Conn, error) {
	type dialed struct {
		conn net.Conn
		err  error
	}
	came := make(chan dialed, 1)
	go func() {
		conn, err := dial()
		came <- dialed{conn, err}
	}()
	select {
	case d := <-came:
		return d.conn, d.err
	case <-ctx.Done():
		go func() {
			if d := <-came; d.err == nil {
				_ = d.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

func exchange(conn net.Conn, r *http.Request) (*http.Response, error) {
	out := bufio.NewWriter(conn)
	if err := r.Write(out); err != nil {
		return nil, err
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxBrief)), r)
}

// body is an answer's body, with which its connection ends.
type body struct {
	io.ReadCloser
	end func() error
}

// Close ends the connection too.
func (b body) Close() error { return errors.Join(b.ReadCloser.Close(), b.end()) }
