package web

import (
	"html"
	"html/template"
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
		said, err := unescaped(say(id, "N", "{n}"))
		if err != nil {
			return out, err
		}
		out.Words[name] = said
	}
	return out, nil
}

// unescaped is what was said for a page that escapes it by itself.
func unescaped(said template.HTML, err error) (string, error) {
	return html.UnescapeString(string(said)), err
}

// sayWords tells an agent what its page says in the language of whoever asks. English it knows.
func (s *server) sayWords(r *http.Request) (http.Header, error) {
	if r.URL.Path != desktopPath {
		return nil, nil
	}
	in := s.pages.words.Best(r.Header.Get("Accept-Language"))
	if in == words.English {
		return nil, nil
	}
	said, err := s.pages.viewer[in].Header()
	return http.Header{api.WordsHeader: {said}}, err
}
