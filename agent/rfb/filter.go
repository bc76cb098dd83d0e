package rfb

import (
	"bufio"
	"fmt"
	"io"
)

// Filter passes on what a viewer sends to a desktop.
type Filter struct {
	// Desktop takes what is passed on.
	Desktop io.Writer
	// WatchOnly leaves out all that does something on the desktop.
	WatchOnly bool
	// HandsOnly passes on of all that does something what is typed and pointed: neither the
	// clipboard nor the size of the window.
	HandsOnly bool
	// Pointed makes of what is pointed what the desktop understands, where it speaks a
	// dialect. Optional.
	Pointed func(pointer []byte) []byte
	// Worked is called with each message by which somebody does something there, and that is
	// passed on.
	// Optional.
	Worked func()

	in  *bufio.Reader
	buf []byte
}

// Run reads from the viewer until it ends, or sends what it may not.
func (f *Filter) Run(viewer io.Reader) error {
	f.in = bufio.NewReader(viewer)
	if err := f.handshake(); err != nil {
		return err
	}
	for {
		if err := f.one(); err != nil {
			return err
		}
	}
}

// one passes on one message, or leaves it out.
func (f *Filter) one() error {
	kind, err := f.in.ReadByte()
	if err != nil {
		return err
	}
	m, ok := messages[kind]
	if !ok {
		return fmt.Errorf("the viewer sent a message of kind %d, which is not known", kind)
	}
	if err := f.in.UnreadByte(); err != nil {
		return err
	}
	whole, err := f.read(m)
	if err != nil {
		return err
	}
	switch {
	case whole == nil: // it was too much, and is left out
		return nil
	case kind == setEncodings:
		return f.pass(known(whole[:m.head], whole[m.head:]))
	case m.works && f.WatchOnly, m.works && f.HandsOnly && !m.hands:
		return nil
	case kind == pointerEvent && f.Pointed != nil:
		whole = f.Pointed(whole)
	}
	if Works(kind) && f.Worked != nil {
		f.Worked()
	}
	return f.pass(whole)
}

// read is a whole message, or nil for one that is left out as it is too long.
func (f *Filter) read(m message) ([]byte, error) {
	head, err := f.take(m.head)
	if err != nil || m.more == nil {
		return head, err
	}
	n, err := m.more(head)
	if err != nil {
		return nil, err
	}
	if n > maxText { // of all messages only a clipboard may have so much
		return nil, f.drop(n)
	}
	head = append([]byte{}, head...)
	rest, err := f.take(n)
	return append(head, rest...), err
}

// drop reads so many bytes, in pieces, and leaves them out.
func (f *Filter) drop(n int) error {
	if _, err := io.CopyN(io.Discard, f.in, int64(n)); err != nil {
		return fmt.Errorf("read what the viewer sends: %w", err)
	}
	return nil
}

// take reads so many bytes, which count until the next call.
func (f *Filter) take(n int) ([]byte, error) {
	if cap(f.buf) < n {
		f.buf = make([]byte, n)
	}
	f.buf = f.buf[:n]
	if _, err := io.ReadFull(f.in, f.buf); err != nil {
		return nil, fmt.Errorf("read what the viewer sends: %w", err)
	}
	return f.buf, nil
}

func (f *Filter) pass(raw []byte) error {
	if _, err := f.Desktop.Write(raw); err != nil {
		return fmt.Errorf("pass on what the viewer sends: %w", err)
	}
	return nil
}
