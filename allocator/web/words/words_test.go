package words_test

import (
	"html/template"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/talmolab/lablink-infrastructure/allocator/web/words"
)

func read(t *testing.T, texts map[string]string) *words.Catalogue {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	c, err := words.Read(files)
	require.NoError(t, err)
	return c
}

func TestMessagesAreSaidInTheLanguageThatSuitsBest(t *testing.T) {
	c := read(t, map[string]string{
		"en.toml": "[seat]\nleave = \"Leave\"\n[seat.minutes]\none = \"{{.Count}} minute\"\nother = \"{{.Count}} minutes\"\n",
		"de.toml": "[seat]\nleave = \"Verlassen\"\n",
	})
	require.Equal(t, language.English, c.Languages()[0])
	for accepts, says := range map[string]string{
		"": "Leave", "de-CH, en;q=0.5": "Verlassen", "fr": "Leave", "en-GB": "Leave", "not a language;": "Leave", "fr, de;q=0.3": "Verlassen",
	} {
		said, err := c.Say(c.Best(accepts))("seat.leave")
		require.NoError(t, err)
		require.Equal(t, says, string(said), accepts)
	}
	german := c.Say(language.German)
	said, err := german("seat.minutes", words.Count, 1)
	require.NoError(t, err)
	require.Equal(t, "1 minute", string(said), "what a language lacks is said in English")
	said, err = german("seat.minutes", words.Count, 5)
	require.NoError(t, err)
	require.Equal(t, "5 minutes", string(said))
}

func TestWhatIsPutIntoAMessageIsNoMarkup(t *testing.T) {
	c := read(t, map[string]string{"en.toml": "greet = \"<strong>{{.Name}}</strong> at {{.When}}\"\n"})
	said, err := c.Say(words.English)("greet", "Name", `<script>&"`, "When", template.HTML("<time>now</time>"))
	require.NoError(t, err)
	require.Equal(t, "<strong>&lt;script&gt;&amp;&#34;</strong> at <time>now</time>", string(said))
}

func TestWhatIsPointedAtIsSaid(t *testing.T) {
	c := read(t, map[string]string{"en.toml": "busy = \"{{.Percent}} % busy\"\n"})
	said, err := c.Say(words.English)("busy", "Percent", new(uint32(42)))
	require.NoError(t, err)
	require.Equal(t, "42 % busy", string(said))
}

func TestAMessageThatIsNotThereOrNotGivenItsValuesIsAnError(t *testing.T) {
	say := read(t, map[string]string{"en.toml": "here = \"here\"\n"}).Say(words.English)
	_, err := say("there")
	require.ErrorContains(t, err, "there")
	_, err = say("here", "Name")
	require.ErrorContains(t, err, "without a value")
}

func TestACatalogueThatCannotBeReadIsNamed(t *testing.T) {
	_, err := words.Read(fstest.MapFS{"en.toml": &fstest.MapFile{Data: []byte("[")}})
	require.ErrorContains(t, err, "en.toml")
	_, err = words.Read(fstest.MapFS{"not-a-language-at-all.toml": &fstest.MapFile{}})
	require.ErrorContains(t, err, "not-a-language-at-all.toml")
}
