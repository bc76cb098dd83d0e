package frames

import (
	"encoding/binary"
	"io"
	"slices"
)

// most is how much of a message is kept until it goes out, in bytes: more than a frame of
// yamux carries at once.
const most = 128 << 10

// Messages is a connection to which the frames of WebSocket are written: each goes out
// whole, up to a size. The library writes them in pieces of four KiB, each a call of the
// system, and over TLS a record. One at a time may write.
func Messages(c io.ReadWriteCloser) io.ReadWriteCloser { return &messages{ReadWriteCloser: c} }

type messages struct {
	io.ReadWriteCloser
	head []byte // as much as was written of the head of the next frame
	left uint64 // what is to follow of a frame
	out  []byte // what waits
}

// Write takes a piece. What fails fails for the one that completes a frame.
func (m *messages) Write(p []byte) (int, error) {
	m.follow(p)
	if m.left > 0 && len(m.out) == 0 {
		m.out = slices.Grow(m.out, len(p)+int(min(m.left, most)))
	}
	m.out = append(m.out, p...)
	if (m.left > 0 || len(m.head) > 0) && len(m.out) < most {
		return len(p), nil
	}
	_, err := m.ReadWriteCloser.Write(m.out)
	if m.out = m.out[:0]; cap(m.out) > kept+kept/2 {
		m.out = nil
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// follow sees where in a frame a piece ends.
func (m *messages) follow(p []byte) {
	for len(p) > 0 {
		if m.left == 0 {
			m.head, p = append(m.head, p[0]), p[1:]
			if n, ok := follows(m.head); ok {
				m.left, m.head = n, m.head[:0]
			}
			continue
		}
		n := min(m.left, uint64(len(p)))
		m.left, p = m.left-n, p[n:]
	}
}

// follows is how much comes after a head, once it is whole (RFC 6455, section 5.2).
func follows(head []byte) (n uint64, whole bool) {
	if len(head) < 2 {
		return 0, false
	}
	size, extra := uint64(head[1]&0x7f), 0
	switch size {
	case 126:
		extra = 2
	case 127:
		extra = 8
	}
	masked := 0
	if head[1]&0x80 != 0 {
		masked = 4
	}
	if len(head) < 2+extra+masked {
		return 0, false
	}
	switch extra {
	case 2:
		size = uint64(binary.BigEndian.Uint16(head[2:]))
	case 8:
		size = binary.BigEndian.Uint64(head[2:])
	}
	return size, true
}
