package frames

import (
	"encoding/binary"
	"net"
)

// The head of a frame (yamux, spec.md): version, type, flags, stream, length.
const (
	head   = 12
	kind   = 1 // at which its type is
	length = 8 // at which its length is
	data   = 0 // the type that something follows
)

// kept is the largest frame whose room is kept for the next, in bytes: a tunnel that
// carried much once need not hold it for ever.
const kept = 64 << 10

// Conn is a connection to which yamux writes, from one goroutine as it does.
func Conn(c net.Conn) net.Conn { return &conn{Conn: c} }

type conn struct {
	net.Conn
	frame []byte // begins with a head that waits for what it announces
}

// Write writes a frame once it is whole. What fails then fails for the part that
// completed it.
func (c *conn) Write(p []byte) (int, error) {
	if len(c.frame) == 0 && announces(p) {
		c.frame = append(c.frame, p...)
		return len(p), nil
	}
	if len(c.frame) == 0 {
		return c.Conn.Write(p)
	}
	c.frame = append(c.frame, p...)
	_, err := c.Conn.Write(c.frame)
	c.frame = c.frame[:0]
	if cap(c.frame) > kept {
		c.frame = nil
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// announces reports whether p is the head of a frame that carries something.
func announces(p []byte) bool {
	return len(p) == head && p[kind] == data && binary.BigEndian.Uint32(p[length:]) > 0
}
