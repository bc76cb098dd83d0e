package rfb_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/agent/rfb"
)

const begin = "RFB 003.008\n\x01\x00"

// begun is what arrives of it: others may stay, and the desktop may take another size.
var begun = "RFB 003.008\n\x01\x01" + list(0, -223, -308)

func cut(length int32, text string) string {
	return string(binary.BigEndian.AppendUint32([]byte{6, 0, 0, 0}, uint32(length))) + text
}

func list(encodings ...int32) string {
	out := binary.BigEndian.AppendUint16([]byte{2, 0}, uint16(len(encodings)))
	for _, e := range encodings {
		out = binary.BigEndian.AppendUint32(out, uint32(e))
	}
	return string(out)
}

var (
	format   = "\x00\x00\x00\x00" + "0123456789abcdef"
	update   = "\x03\x01\x00\x00\x00\x00\x04\x00\x03\x00"
	key      = "\x04\x01\x00\x00\x00\x00\x00a"
	pointer  = "\x05\x80\x00\x10\x00\x20"
	further  = "\x96\x01\x00\x00\x00\x00\x04\x00\x03\x00"
	fence    = "\xf8\x00\x00\x00\x00\x00\x00\x01\x03abc"
	resize   = "\xfb\x00\x04\x00\x03\x00\x01\x00" + "0123456789abcdef"
	extended = "\xff\x00\x00\x01\x00\x00\x00a\x00\x00\x00\x1e"
)

// passed is what arrives at the desktop of what a viewer sends.
func passed(sent string, watch bool) (arrived string, worked int, err error) {
	var out bytes.Buffer
	f := rfb.Filter{Desktop: &out, WatchOnly: watch, Worked: func() { worked++ }}
	err = f.Run(inBytes{bytes.NewReader([]byte(sent))})
	return out.String(), worked, err
}

// inBytes gives a byte at a time: messages come in any pieces.
type inBytes struct{ r io.Reader }

func (o inBytes) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

func TestWhoWorksDoesAndIsSeenToWork(t *testing.T) {
	sent := format + list(16, 7, -223) + update + key + pointer + cut(3, "abc") + cut(-4, "\x01\x00\x00\x00") + further + fence + resize + extended
	arrived, worked, err := passed(begin+sent, false)
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, begun+sent, arrived, "as it came, behind how it begins")
	assert.Equal(t, 5, worked, "a page asks for a size by itself")
}

func TestWhoWatchesChangesNothingWhateverTheirPageSends(t *testing.T) {
	arrived, worked, err := passed(begin+format+list(16)+key+update+pointer+cut(3, "abc")+cut(-4, "\x01\x00\x00\x00")+fence+resize+extended+further, true)
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, begun+format+list(16)+update+fence+further, arrived)
	assert.Zero(t, worked)
}

// Of staff who takes over a desktop what they type and point arrives, and nothing of their own
// computer. It is not the participant's work.
func TestWhoTakesOverTypesAndPointsAndBringsNothing(t *testing.T) {
	var out bytes.Buffer
	f := rfb.Filter{Desktop: &out, HandsOnly: true, Pointed: func(p []byte) []byte { return append(p, '!') }}
	err := f.Run(strings.NewReader(begin + format + key + cut(3, "abc") + cut(-4, "\x01\x00\x00\x00") + pointer + resize + extended + update))
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, begun+format+key+pointer+"!"+extended+update, out.String())
}

func TestWhatIsNotKnownEndsTheConnection(t *testing.T) {
	for name, sent := range map[string]string{
		"an old version":          "RFB 003.003\n",
		"another program":         "GET / HTTP/1.1\r\n\r\n",
		"a login":                 "RFB 003.008\n\x02",
		"a message":               begin + "\xfa\x00\x01\x02" + key,
		"a message of QEMU's":     begin + "\xff\x01\x00\x01\x00\x00\x00a\x00\x00\x00\x1e" + key,
		"a clipboard of 2 GiB":    begin + cut(-1<<31, "") + key,
		"a clipboard of 65 MiB":   begin + cut(65<<20, "") + key,
		"65 535 encodings":        begin + "\x02\x00\xff\xff" + key,
		"a wall of screens":       begin + "\xfb\x00\x04\x00\x03\x00\xff\x00" + key,
		"more than a fence holds": begin + "\xf8\x00\x00\x00\x00\x00\x00\x01\xff" + key,
	} {
		for _, watch := range []bool{false, true} {
			arrived, worked, err := passed(sent, watch)
			require.Error(t, err, name)
			require.NotErrorIs(t, err, io.EOF, name)
			assert.NotContains(t, arrived, "a", name)
			assert.Zero(t, worked, name)
		}
	}
}

// Somebody copies a whole book: it does not arrive, and they go on working.
func TestTooMuchOfAClipboardIsLeftOutAndNothingElse(t *testing.T) {
	for _, much := range []string{strings.Repeat("\x04", 1<<20+1), strings.Repeat("\xfa", 3<<20)} {
		for _, sign := range []int32{1, -1} {
			var out bytes.Buffer
			worked := 0
			f := rfb.Filter{Desktop: &out, Worked: func() { worked++ }}
			most := strings.Repeat("x", 1<<20)
			err := f.Run(strings.NewReader(begin + key + cut(sign*int32(len(much)), much) + cut(1<<20, most) + pointer))
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, begun+key+cut(1<<20, most)+pointer, out.String())
			require.Equal(t, 3, worked)
			out.Reset()
			err = f.Run(strings.NewReader(begin + cut(int32(len(much)), much[:100])))
			require.ErrorIs(t, err, io.EOF, "it ends in the middle")
			require.Equal(t, begun, out.String())
		}
	}
}

func TestEncodingsThatBringOtherMessagesAreLeftOut(t *testing.T) {
	const moreButtons, qualityLevel = -316, -26
	arrived, _, err := passed(begin+list(7, moreButtons, qualityLevel, 0x7fffffff, -258), false)
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, begun+list(7, qualityLevel, -258), arrived)
}

func TestADesktopGreetsFirstOrIsNone(t *testing.T) {
	hello, err := rfb.Greeting(bytes.NewReader([]byte("RFB 003.008\nmore")))
	require.NoError(t, err)
	assert.Equal(t, "RFB 003.008\n", string(hello))
	_, err = rfb.Greeting(bytes.NewReader([]byte("HTTP/1.1 400 Bad Request")))
	require.ErrorIs(t, err, rfb.ErrGreeting)
	_, err = rfb.Greeting(bytes.NewReader([]byte("RFB")))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// Whatever comes, who watches sends nothing that works.
func TestNoBytesGetAroundTheFilter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := []string{format, list(16), update, key, pointer, cut(3, "abc"), fence, resize, extended, further, "\x04", "\xff\xff", "\x00"}
		sent := begin
		for range rapid.IntRange(0, 20).Draw(t, "parts") {
			sent += rapid.SampledFrom(parts).Draw(t, "part")
		}
		arrived, _, _ := passed(sent, true)
		again, worked, err := passed(arrived, false)
		require.ErrorIs(t, err, io.EOF, "what arrives is whole messages")
		require.Equal(t, begun+strings.TrimPrefix(arrived, "RFB 003.008\n\x01\x01"), again)
		require.Zero(t, worked, "and none of them does anything")
	})
}
