package system

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	protocol "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// downloads follows a link to a file, and reads what the browser keeps then.
func (b *browser) downloads(t *testing.T, link string) (raw []byte) {
	t.Helper()
	dir := t.TempDir()
	_, err := chromedp.CallBrowser(b.ctx, protocol.SetDownloadBehavior, protocol.SetDownloadBehaviorParams{
		Behavior: protocol.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	})
	require.NoError(t, err)
	b.do(t, press(link))
	eventually(t, "a file is downloaded", func() bool {
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		if len(files) != 1 || filepath.Ext(files[0].Name()) == ".crdownload" {
			return false
		}
		raw, err = os.ReadFile(filepath.Join(dir, files[0].Name()))
		return err == nil
	})
	return raw
}

// unpacked is what the files of an archive say.
func unpacked(t *testing.T, raw []byte) (texts []string) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	for _, f := range archive.File {
		file, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		texts = append(texts, string(text))
	}
	return texts
}
