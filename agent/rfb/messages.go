package rfb

import (
	"encoding/binary"
	"fmt"
)

// The messages of a viewer.
const (
	setPixelFormat     = 0
	setEncodings       = 2
	updateRequest      = 3
	keyEvent           = 4
	pointerEvent       = 5
	clientCutText      = 6
	continuousUpdates  = 150
	clientFence        = 248
	setDesktopSize     = 251
	extendedKey        = 255 // of QEMU
	extendedKeyMessage = 0
)

const (
	maxText = 1 << 20 // of a clipboard, in bytes
	// maxDropped is how much of one that has more is read, and left out, before the
	// connection ends, in bytes.
	maxDropped = 64 << 20
	// maxEncodings is more than any viewer knows.
	maxEncodings = 256
	maxScreens   = 16
	maxFence     = 64
)

// message says how a kind of message is read.
type message struct {
	// head is how long its fixed part is, with its kind, in bytes.
	head int
	// more is how long the rest is, as the fixed part says. Nil: there is none.
	more func(head []byte) (int, error)
	// works says that who sends it does something on the desktop, and who watches may not.
	works bool
	// hands says that it is typed or pointed.
	hands bool
	// alone says that a page also sends it by itself: who has it open may be idle.
	alone bool
}

var messages = map[byte]message{
	setPixelFormat:    {head: 20},
	setEncodings:      {head: 4, more: func(h []byte) (int, error) { return times(binary.BigEndian.Uint16(h[2:]), 4, maxEncodings) }},
	updateRequest:     {head: 10},
	keyEvent:          {head: 8, works: true, hands: true},
	pointerEvent:      {head: 6, works: true, hands: true},
	clientCutText:     {head: 8, more: textLength, works: true},
	continuousUpdates: {head: 10},
	clientFence:       {head: 9, more: func(h []byte) (int, error) { return times(uint16(h[8]), 1, maxFence) }},
	setDesktopSize:    {head: 8, more: func(h []byte) (int, error) { return times(uint16(h[6]), 16, maxScreens) }, works: true, alone: true},
	extendedKey:       {head: 12, more: extendedKeyOnly, works: true, hands: true},
}

// Works reports whether who sends a message of a kind does something on the desktop, as far
// as is known, and is not idle. A page asks for the desktop's size whenever it connects.
func Works(kind byte) bool { return messages[kind].works && !messages[kind].alone }

func times(n uint16, size, most int) (int, error) {
	if int(n) > most {
		return 0, fmt.Errorf("a message has %d parts, and may have %d", n, most)
	}
	return int(n) * size, nil
}

// textLength is how long a clipboard's content is. A length below zero marks the extended
// form, and is the length all the same.
func textLength(head []byte) (int, error) {
	n := int64(int32(binary.BigEndian.Uint32(head[4:]))) //nolint:gosec // it is signed on the wire
	if n < 0 {
		n = -n
	}
	if n > maxDropped {
		return 0, fmt.Errorf("a clipboard of %d bytes, and %d is the most", n, maxText)
	}
	return int(n), nil
}

func extendedKeyOnly(head []byte) (int, error) {
	if head[1] != extendedKeyMessage {
		return 0, fmt.Errorf("a message of QEMU's of kind %d, which is not known", head[1])
	}
	return 0, nil
}
