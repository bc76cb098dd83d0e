package rfb_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/rfb"
)

// shown is a desktop that has greeted: what it says, and what it was told.
type shown struct {
	io.Reader
	told bytes.Buffer
}

func (s *shown) Write(raw []byte) (int, error) { return s.told.Write(raw) }

// desktopOf says that it is so large, and then whatever follows.
func desktopOf(width, height uint16, then ...string) *shown {
	var says bytes.Buffer
	says.WriteString("\x01\x01" + "\x00\x00\x00\x00")
	says.Write(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, width), height))
	says.WriteString(strings.Repeat("p", 16) + "\x00\x00\x00\x04name")
	for _, more := range then {
		says.WriteString(more)
	}
	return &shown{Reader: &says}
}

// rectangle is one of a color, as pixels: blue, green, red.
func rectangle(x, y, width, height uint16, of string) string {
	var out []byte
	for _, n := range []uint16{x, y, width, height} {
		out = binary.BigEndian.AppendUint16(out, n)
	}
	return string(out) + "\x00\x00\x00\x00" + strings.Repeat(of+"\xff", int(width)*int(height))
}

const updateOf2 = "\x00\x00\x00\x02"

func TestAPictureIsSmallerThanTheDesktopAndShowsIt(t *testing.T) {
	d := desktopOf(960, 400, "\x02", "\x03\x00\x00\x00\x00\x00\x00\x05hello", // a bell, and what was copied
		updateOf2, rectangle(480, 0, 480, 400, "\x00\x00\xff"), rectangle(0, 0, 480, 400, "\xff\x80\x00"))
	shot, err := rfb.Picture(d, image.Pt(480, 270))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 480, 200), shot.Bounds())
	require.Equal(t, color.RGBA{0, 0x80, 0xff, 0xff}, shot.RGBAAt(0, 0))
	require.Equal(t, color.RGBA{0, 0x80, 0xff, 0xff}, shot.RGBAAt(239, 199))
	require.Equal(t, color.RGBA{0xff, 0, 0, 0xff}, shot.RGBAAt(240, 100))
	require.True(t, strings.HasPrefix(d.told.String(), "RFB 003.008\n\x01\x01"), "it is not alone, so nobody else is sent away")
	require.Contains(t, d.told.String(), "\x03\x00\x00\x00\x00\x00\x03\xc0\x01\x90", "all of it, once")
}

func TestAPixelIsTheMeanOfThoseThatFallOnIt(t *testing.T) {
	rows := rectangle(0, 0, 600, 1, "\x00\x00\x00") + rectangle(0, 1, 600, 1, "\xc8\xc8\xc8")
	shot, err := rfb.Picture(desktopOf(600, 2, updateOf2, rows), image.Pt(300, 270))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 300, 1), shot.Bounds())
	require.Equal(t, color.RGBA{100, 100, 100, 255}, shot.RGBAAt(7, 0))
}

// endless says the same again and again.
type endless struct {
	text string
	said int
}

func (e *endless) Read(raw []byte) (int, error) {
	n := copy(raw, e.text[e.said%len(e.text):])
	e.said += n
	return n, nil
}

func TestADesktopThatIsHostileGivesNoPicture(t *testing.T) {
	for name, d := range map[string]*shown{
		"it is too large":           desktopOf(65535, 65535),
		"it has no size":            desktopOf(0, 10),
		"it is elsewhere":           desktopOf(10, 10, updateOf2, rectangle(5, 0, 6, 1, "abc")),
		"it is compressed":          desktopOf(10, 10, updateOf2, "\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x07"),
		"it wants a password":       {Reader: strings.NewReader("\x01\x02\x00\x00\x00\x01")},
		"it lets nobody in":         {Reader: strings.NewReader("\x00")},
		"it says much of nothing":   desktopOf(10, 10, "\x03\x00\x00\x00\x7f\xff\xff\xff"),
		"it speaks another thing":   desktopOf(10, 10, "\x63"),
		"it ends in the middle":     desktopOf(10, 10, updateOf2, rectangle(0, 0, 10, 5, "abc")),
		"it has a table of colors":  desktopOf(10, 10, "\x01\x00\x00\x00\x00\x01"),
		"it never comes to the end": {Reader: io.MultiReader(desktopOf(10, 10), &endless{text: strings.Repeat("\x02", 999)})},
		"its picture has no end":    {Reader: io.MultiReader(desktopOf(100, 100, "\x00\x00\xff\xff"), &endless{text: rectangle(0, 0, 100, 100, "abc")})},
		"its name has no end to it": {Reader: strings.NewReader("\x01\x01\x00\x00\x00\x00\x00\x0a\x00\x0a" + strings.Repeat("p", 16) + "\xff\xff\xff\xff")},
	} {
		_, err := rfb.Picture(d, image.Pt(480, 270))
		require.Error(t, err, name)
	}
}

func TestALargeDesktopIsNeverKeptAsAWhole(t *testing.T) {
	d := desktopOf(1920, 1080, updateOf2, rectangle(0, 0, 1920, 540, "abc"), rectangle(0, 540, 1920, 540, "abc"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := rfb.Picture(d, image.Pt(480, 270))
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3<<20), "it has 8 MiB")
}
