package rfb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
)

// smaller is a picture that becomes smaller while it is read: each of its pixels is the mean
// of those that fall on it.
type smaller struct {
	from, to image.Point
	sums     []sum
	column   []int // the column of the small picture, for each of the large one
	row      []byte
}

// sum adds up pixels: red, green, blue, and how many these were.
type sum [4]uint16

// enough pixels are added up for one: more do not fit a sum, and say no more.
const enough = 1<<16/256 - 1

func newSmaller(from, most image.Point) *smaller {
	to := from
	if to.X > most.X {
		to = image.Pt(most.X, max(1, from.Y*most.X/from.X))
	}
	if to.Y > most.Y {
		to = image.Pt(max(1, from.X*most.Y/from.Y), most.Y)
	}
	s := &smaller{from: from, to: to, sums: make([]sum, to.X*to.Y), column: make([]int, from.X), row: make([]byte, 4*from.X)}
	for x := range s.column {
		s.column[x] = x * to.X / from.X
	}
	return s
}

// update reads one update: rectangles of pixels, row by row.
func (s *smaller) update(in *bufio.Reader) error {
	var head [3]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return fmt.Errorf("read the picture: %w", err)
	}
	for range binary.BigEndian.Uint16(head[1:]) {
		if err := s.rectangle(in); err != nil {
			return err
		}
	}
	return nil
}

func (s *smaller) rectangle(in *bufio.Reader) error {
	var head [12]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return fmt.Errorf("read the picture: %w", err)
	}
	at := func(i int) int { return int(binary.BigEndian.Uint16(head[i:])) }
	x, y, width, height := at(0), at(2), at(4), at(6)
	if binary.BigEndian.Uint32(head[8:]) != rawEncoding {
		return errors.New("the desktop sends no plain pixels, though it was asked for them")
	}
	if x+width > s.from.X || y+height > s.from.Y {
		return errors.New("the desktop's picture is larger than the desktop")
	}
	for ; height > 0 && width > 0; height-- {
		row := s.row[:4*width]
		if _, err := io.ReadFull(in, row); err != nil {
			return fmt.Errorf("read the picture: %w", err)
		}
		s.add(x, y, row)
		y++
	}
	return nil
}

// add adds a row of pixels that begins somewhere.
func (s *smaller) add(x, y int, row []byte) {
	line := s.sums[y*s.to.Y/s.from.Y*s.to.X:][:s.to.X]
	for ; len(row) >= 4; row = row[4:] {
		of := &line[s.column[x]]
		if of[3] < enough {
			of[0] += uint16(row[2])
			of[1] += uint16(row[1])
			of[2] += uint16(row[0])
			of[3]++
		}
		x++
	}
}

// picture is what was read.
func (s *smaller) picture() *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: s.to})
	for i, of := range s.sums {
		n := max(1, of[3])
		copy(out.Pix[4*i:], []byte{byte(of[0] / n), byte(of[1] / n), byte(of[2] / n), 255}) //nolint:gosec // a mean of bytes is one
	}
	return out
}
