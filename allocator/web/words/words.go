package words

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// English is the language that is complete: what another one lacks is said in it.
var English = language.English

// Catalogue is the words of all languages.
type Catalogue struct {
	bundle  *i18n.Bundle
	matcher language.Matcher
}

// New reads what came with the program.
func New() (*Catalogue, error) { return Read(files) }

// Read reads a folder of catalogues, each named by its language.
func Read(folder fs.FS) (*Catalogue, error) {
	bundle := i18n.NewBundle(English)
	names, err := fs.Glob(folder, "*.toml")
	if err != nil {
		return nil, fmt.Errorf("list the languages: %w", err)
	}
	for _, name := range names {
		if err := add(bundle, folder, name); err != nil {
			return nil, fmt.Errorf("read the words in %s: %w", name, err)
		}
	}
	return &Catalogue{bundle, language.NewMatcher(bundle.LanguageTags())}, nil
}

func add(bundle *i18n.Bundle, folder fs.FS, name string) error {
	in, err := language.Parse(strings.TrimSuffix(name, path.Ext(name)))
	if err != nil {
		return err
	}
	raw, err := fs.ReadFile(folder, name)
	if err != nil {
		return err
	}
	_, err = bundle.ParseMessageBytes(in, raw, toml.Unmarshal)
	return err
}

// Languages are those that there are, English first.
func (c *Catalogue) Languages() []language.Tag {
	all := slices.DeleteFunc(slices.Clone(c.bundle.LanguageTags()), func(t language.Tag) bool { return t == English })
	return append([]language.Tag{English}, all...)
}

// Best is the language that suits a browser best, by what it accepts (RFC 9110).
func (c *Catalogue) Best(accepts string) language.Tag {
	asked, _, err := language.ParseAcceptLanguage(accepts)
	if err != nil {
		return English
	}
	_, index, sure := c.matcher.Match(asked...)
	if sure == language.No {
		return English
	}
	return c.bundle.LanguageTags()[index]
}

// Count names the argument by which a plural is chosen.
const Count = "Count"

// Say gives the function that says a message in a language: its id, and then names and
// values by turns.
func (c *Catalogue) Say(in language.Tag) func(id string, named ...any) (template.HTML, error) {
	localizer := i18n.NewLocalizer(c.bundle, in.String(), English.String())
	var plain sync.Map // what is said without arguments, as on each card of a room
	return func(id string, named ...any) (template.HTML, error) {
		if said, known := plain.Load(id); known && len(named) == 0 {
			return said.(template.HTML), nil
		}
		if len(named)%2 != 0 {
			return "", fmt.Errorf("the message %s is given a name without a value", id)
		}
		ask := i18n.LocalizeConfig{MessageID: id}
		if len(named) > 0 {
			values := map[string]any{}
			for i := 0; i < len(named); i += 2 {
				name, value := fmt.Sprint(named[i]), named[i+1]
				values[name] = escaped(value)
				if name == Count {
					ask.PluralCount = value
				}
			}
			ask.TemplateData = values
		}
		said, err := localizer.Localize(&ask)
		if lacks := (*i18n.MessageNotFoundErr)(nil); errors.As(err, &lacks) && said != "" {
			err = nil // it is there in English
		}
		if err != nil {
			return "", fmt.Errorf("say %s: %w", id, err)
		}
		out := template.HTML(said) //nolint:gosec // the catalogue's own; what is put in is escaped
		if len(named) == 0 {
			plain.Store(id, out)
		}
		return out, nil
	}
}

func escaped(value any) string {
	if html, ok := value.(template.HTML); ok {
		return string(html)
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && !v.IsNil() { // as templates do
		value = v.Elem().Interface()
	}
	return template.HTMLEscapeString(fmt.Sprint(value))
}
