package rfb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
)

const (
	// maxPixels is the largest desktop of which a picture is made: 8K.
	maxPixels = 7680 * 4320
	// maxWords is what a desktop may say beside its picture, in bytes: its name, and what was
	// copied there.
	maxWords = 4 << 20
)

// The messages of a desktop.
const (
	update      = 0
	colors      = 1
	bell        = 2
	serverText  = 3
	rawEncoding = 0
)

// asPixels asks for pixels of four bytes: blue, green, red, and one that says nothing.
var asPixels = []byte{setPixelFormat, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0}

// Picture asks a desktop that has greeted for what it shows now, once, and makes it smaller
// while it is read, so that the whole is never kept. Others who see the desktop stay.
func Picture(desktop io.ReadWriter, most image.Point) (*image.RGBA, error) {
	bounded := &io.LimitedReader{R: desktop, N: maxWords}
	in := bufio.NewReaderSize(bounded, 32<<10)
	size, err := enter(desktop, in)
	if err != nil {
		return nil, err
	}
	if err := askFor(desktop, size); err != nil {
		return nil, err
	}
	bounded.N += 2 * 4 * int64(size.X*size.Y) // an update may say something twice
	s := newSmaller(size, most)
	if err := s.fill(in); err != nil {
		return nil, err
	}
	return s.picture(), nil
}

// enter begins as a viewer does, without a login, and returns how large the desktop is.
func enter(out io.Writer, in *bufio.Reader) (image.Point, error) {
	var none image.Point
	if _, err := io.WriteString(out, version); err != nil {
		return none, fmt.Errorf("begin with the desktop: %w", err)
	}
	n, err := in.ReadByte()
	if err != nil || n == 0 {
		return none, fmt.Errorf("the desktop lets nobody in: %w", errors.Join(err, ErrGreeting))
	}
	if _, err := in.Discard(int(n)); err != nil {
		return none, fmt.Errorf("read how to log in: %w", err)
	}
	if _, err := out.Write([]byte{noLogin}); err != nil {
		return none, fmt.Errorf("begin with the desktop: %w", err)
	}
	result, err := number(in)
	if err != nil || result != 0 {
		return none, fmt.Errorf("the desktop refuses: %w", errors.Join(err, ErrGreeting))
	}
	if _, err := out.Write([]byte{shared}); err != nil {
		return none, fmt.Errorf("begin with the desktop: %w", err)
	}
	return sized(in)
}

// sized reads how large the desktop is, and leaves its pixels and its name out.
func sized(in *bufio.Reader) (image.Point, error) {
	head := make([]byte, 24)
	if _, err := io.ReadFull(in, head); err != nil {
		return image.Point{}, fmt.Errorf("read how large the desktop is: %w", err)
	}
	size := image.Pt(int(binary.BigEndian.Uint16(head)), int(binary.BigEndian.Uint16(head[2:])))
	if size.X == 0 || size.Y == 0 || size.X*size.Y > maxPixels {
		return size, fmt.Errorf("a desktop of %d by %d pixels is not pictured", size.X, size.Y)
	}
	return size, skip(in, binary.BigEndian.Uint32(head[20:]))
}

// askFor asks for all of the desktop, as pixels.
func askFor(out io.Writer, size image.Point) error {
	ask := append([]byte{}, asPixels...)
	ask = append(ask, asking(rawEncoding)...)
	ask = append(ask, updateRequest, 0, 0, 0, 0, 0)
	ask = binary.BigEndian.AppendUint16(ask, uint16(size.X)) //nolint:gosec // it was read as one
	ask = binary.BigEndian.AppendUint16(ask, uint16(size.Y)) //nolint:gosec // it was read as one
	if _, err := out.Write(ask); err != nil {
		return fmt.Errorf("ask for a picture: %w", err)
	}
	return nil
}

// fill reads until the picture is there.
func (s *smaller) fill(in *bufio.Reader) error {
	for {
		kind, err := in.ReadByte()
		if err != nil {
			return fmt.Errorf("read the picture: %w", err)
		}
		switch kind {
		case update:
			return s.update(in)
		case bell:
		case serverText:
			err = skipCounted(in, 3)
		case colors:
			err = errors.New("the desktop has a table of colors, though it was asked for pixels")
		default:
			err = fmt.Errorf("the desktop sent a message of kind %d, which is not known", kind)
		}
		if err != nil {
			return err
		}
	}
}

// skipCounted leaves out so many bytes, and then what a number says.
func skipCounted(in *bufio.Reader, pad int) error {
	if _, err := in.Discard(pad); err != nil {
		return fmt.Errorf("read what the desktop sends: %w", err)
	}
	n, err := number(in)
	if err != nil {
		return err
	}
	return skip(in, n)
}

func skip(in *bufio.Reader, n uint32) error {
	if n > maxText {
		return fmt.Errorf("the desktop sends %d bytes of text, and %d is the most", n, maxText)
	}
	if _, err := in.Discard(int(n)); err != nil {
		return fmt.Errorf("read what the desktop sends: %w", err)
	}
	return nil
}

func number(in *bufio.Reader) (uint32, error) {
	var raw [4]byte
	if _, err := io.ReadFull(in, raw[:]); err != nil {
		return 0, fmt.Errorf("read what the desktop sends: %w", err)
	}
	return binary.BigEndian.Uint32(raw[:]), nil
}
