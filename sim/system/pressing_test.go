package system

import (
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// moving is a page with a button that is somewhere else in each frame, and has something before
// it at first.
const moving = `<body><button style="position:absolute" onclick="this.value = Number(this.value) + 1">Go</button><p style="position:fixed;inset:0;margin:0">Not yet</p>
<script>
const button = document.querySelector('button');
(function move() {
	button.style.left = Math.random() * 500 + 'px';
	button.style.top = Math.random() * 300 + 'px';
	requestAnimationFrame(move);
})();
setTimeout(() => document.querySelector('p').remove(), 500);
</script>`

func TestWhatMovesIsClickedOnceNothingIsBeforeIt(t *testing.T) {
	b := newBrowser(t, startChromium(t))
	b.do(t, chromedp.Navigate("data:text/html,"+url.PathEscape(moving)), press("button"))
	require.Equal(t, "1 Go", ask(t, b, chromedp.Evaluate[string](`button.value + ' ' + document.body.innerText.trim()`)))
}
