package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/talmolab/lablink-infrastructure/allocator/web/words"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

// What an agent's page says in English is what the catalogue says; in another language it is
// told by the allocator, as far as there are words.
func TestTheViewerOfDesktopsSpeaksTheLanguagesOfTheCatalogue(t *testing.T) {
	english, err := os.ReadFile("words/en.toml")
	require.NoError(t, err)
	german := `[viewer]
lost = "Die Verbindung ist weg & kommt wieder"
too_much = "{{.N}} MiB sind zu viel"
`
	catalogue, err := words.Read(fstest.MapFS{"en.toml": {Data: english}, "de.toml": {Data: []byte(german)}})
	require.NoError(t, err)
	p, err := readPages(catalogue, time.Minute, assets{})
	require.NoError(t, err)
	require.Equal(t, viewer.English, p.viewer[language.English].Words)

	s := &server{pages: p}
	asks := func(path, accepts string) string {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Language", accepts)
		says, err := s.sayWords(r)
		require.NoError(t, err)
		return says.Get(api.WordsHeader)
	}
	require.Empty(t, asks("/desktop/", "en"), "the agent knows that")
	require.Empty(t, asks("/desktop/stream", "de"), "nobody reads that")
	told := viewer.View{Language: viewer.Spoken(asks("/desktop/", "de-AT, en;q=0.5"))}
	require.Equal(t, "de", told.Language.Name)
	require.Equal(t, "Die Verbindung ist weg & kommt wieder", told.Say("lost"))
	require.Equal(t, "{n} MiB sind zu viel", told.Say("too_much"))
	require.Equal(t, viewer.English["full"], told.Say("full"))
}
