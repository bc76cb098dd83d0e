package rfb

import "encoding/binary"

// encodings are those that a viewer may ask for. What they bring from the viewer is in
// the table of messages; another one would let it send what is not known here.
var encodings = map[int32]bool{
	0: true, 1: true, 2: true, 5: true, 6: true, 7: true, 16: true, 21: true, // raw, copy, RRE, hextile, zlib, tight, ZRLE, JPEG
	-223: true, -224: true, // desktop size, last rectangle
	-239: true, -314: true, // the pointer's shape
	-258: true,             // keys by their place
	-261: true,             // LEDs
	-307: true, -308: true, // name, extended desktop size
	-312: true, -313: true, // fence, continuous updates
	-260:        true, // tight PNG
	-1063131698: true, // extended clipboard, 0xc0a1e5ce
}

// asking is SetEncodings, for these.
func asking(encodings ...int32) []byte {
	out := binary.BigEndian.AppendUint16([]byte{setEncodings, 0}, uint16(len(encodings))) //nolint:gosec // a few
	for _, e := range encodings {
		out = binary.BigEndian.AppendUint32(out, uint32(e)) //nolint:gosec // it is signed on the wire
	}
	return out
}

// level reports whether an encoding is one of quality or compression.
func level(e int32) bool { return -32 <= e && e <= -23 || -256 <= e && e <= -247 }

// known keeps of SetEncodings what is known, in its order.
func known(head, list []byte) []byte {
	out := append([]byte{}, head...)
	n := 0
	for ; len(list) >= 4; list = list[4:] {
		e := int32(binary.BigEndian.Uint32(list)) //nolint:gosec // it is signed on the wire
		if encodings[e] || level(e) {
			out = append(out, list[:4]...)
			n++
		}
	}
	binary.BigEndian.PutUint16(out[2:], uint16(n))
	return out
}
