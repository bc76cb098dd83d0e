package web

import (
	"fmt"
	"html/template"
	"strings"

	"rsc.io/qr"
)

// quiet is how many light modules are around a QR code, by ISO/IEC 18004.
const quiet = 4

// qrCode is a text as a QR code: an image that is named by its label. Its colours are those
// of the class qr, dark on light also where pages are dark.
func qrCode(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("make a QR code: %w", err)
	}
	size := code.Size + 2*quiet
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
			}
			x += run + 1
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" role="img" aria-label="%s" shape-rendering="crispEdges"><rect width="%d" height="%d"/><path d="%s"/></svg>`, //nolint:gosec // numbers, and a label that is escaped
		size, size, template.HTMLEscapeString(label), size, size, path.String())), nil
}
