package web

import (
	"image"
	"image/color"
	"regexp"
	"strconv"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"
)

// What a camera sees of the code is read by another program than the one that made it.
func TestACodeThatIsShownIsReadByACamera(t *testing.T) {
	for _, link := range []string{"https://lab.example.org/join/abcd2345", "http://[2001:db8::1]:8080/join/abcdefgh"} {
		svg, err := qrCode(link, `the link "<x>"`)
		require.NoError(t, err)
		require.Contains(t, string(svg), `aria-label="the link &#34;&lt;x&gt;&#34;"`)
		bits, err := gozxing.NewBinaryBitmapFromImage(drawn(t, string(svg)))
		require.NoError(t, err)
		read, err := qrcode.NewQRCodeReader().Decode(bits, nil)
		require.NoError(t, err)
		require.Equal(t, link, read.GetText())
	}
	_, err := qrCode(string(make([]byte, 5000)), "too long")
	require.Error(t, err)
}

var (
	viewBox = regexp.MustCompile(`viewBox="0 0 (\d+) (\d+)"`)
	stripe  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
)

// drawn is the picture, each module of it eight pixels wide.
func drawn(t *testing.T, svg string) image.Image {
	t.Helper()
	const scale = 8
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	size := number(viewBox.FindStringSubmatch(svg)[1]) * scale
	out := image.NewGray(image.Rect(0, 0, size, size))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	for _, m := range stripe.FindAllStringSubmatch(svg, -1) {
		x, y, wide := number(m[1]), number(m[2]), number(m[3])
		for dy := range scale {
			for dx := range wide * scale {
				out.SetGray(x*scale+dx, y*scale+dy, color.Gray{})
			}
		}
	}
	return out
}
