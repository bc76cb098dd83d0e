package web

import (
	"html"
	"net/http"

	"golang.org/x/text/language"

	"github.com/talmolab/lablink-infrastructure/allocator/web/words"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

// viewerWords are what the viewer of desktops says, in a language.
func viewerWords(in language.Tag, say sayer) (viewer.Language, error) {
	out := viewer.Language{Name: in.String(), Words: map[string]string{}}
	for name := range viewer.English {
		id := "viewer." + name
		said, err := say(id, "N", "{n}")
		if err != nil {
			return out, err
		}
		out.Words[name] = html.UnescapeString(string(said)) // the page escapes it
	}
	return out, nil
}

// sayWords tells an agent what its page says in the language of whoever asks. English it knows.
func (s *server) sayWords(r *http.Request) (http.Header, error) {
	in := s.pages.words.Best(r.Header.Get("Accept-Language"))
	if r.URL.Path != desktopPath || in == words.English {
		return nil, nil
	}
	said, err := s.pages.viewer[in].Header()
	return http.Header{api.WordsHeader: {said}}, err
}
