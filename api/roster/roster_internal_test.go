package roster

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestPastedAddressesAreReadHoweverTheyAreWritten(t *testing.T) {
	two := []string{"ann@example.org", "bob@example.org"}
	for _, text := range []string{
		"ann@example.org\nbob@example.org", "ann@example.org\r\n\r\nbob@example.org\r\n", "ann@example.org, bob@example.org", "ann@example.org;bob@example.org;",
		"Ann Lee <ann@example.org>\nbob@example.org (Bob)", `"Lee, Ann" <ann@example.org>; Bob <bob@example.org>`, "Lee, Ann <ann@example.org>, bob@example.org",
		"Ann\tann@example.org\nBob\tbob@example.org", "\"ann@example.org\",\r\n\"bob@example.org\"\r\n\"\"\r\n", "\ufeffann@example.org\nbob@example.org",
		"Name, E-mail\nAnn, ann@example.org\nBob, bob@example.org",
	} {
		got := Pasted(text)
		require.Equal(t, two, got.Addresses, "%q", text)
		require.Empty(t, got.Unread, "%q", text)
	}
	got := Pasted("ann@example.org\nBob\n\nzoe@\n@example.org, bob@example.org")
	require.Equal(t, two, got.Addresses)
	require.Equal(t, []Unread{{2, "Bob"}, {4, "zoe@"}, {5, "@example.org, bob@example.org"}}, got.Unread)
	require.Empty(t, Pasted("").Unread)
}

func TestTheColumnWithAddressesOfATableIsFound(t *testing.T) {
	two := []string{"ann@example.org", "bob@example.org"}
	for _, table := range []string{
		"ann@example.org\nbob@example.org\n",
		"E-mail\nann@example.org\nbob@example.org\n",
		"Name,Address,Group\nAnn,ann@example.org,1\nBob,bob@example.org,2\n",
		"\ufeffName;Mail\r\n\"Lee; Ann\";ann@example.org\r\nBob;Bob <bob@example.org>\r\n",
		"1\tann@example.org\n2\tbob@example.org",
		"Name,Mail,Supervisor\nAnn,ann@example.org,boss@example.org\nBob,bob@example.org,\n",
		"Name,Mail\nAnn \"the\" Lee,ann@example.org\n,\nBob,bob@example.org,more\n\n",
	} {
		got, err := Table([]byte(table))
		require.NoError(t, err, "%q", table)
		require.Equal(t, two, got.Addresses, "%q", table)
		require.Empty(t, got.Unread, "%q", table)
	}
	got, err := Table([]byte("Name,Mail\nAnn,ann@example.org\n\"Bob\nLee\",bob(at)example.org\nZoe,none\nDora,\n , \nEve\n"))
	require.NoError(t, err)
	require.Equal(t, []Unread{{3, "bob(at)example.org"}, {5, "none"}, {6, "Dora,"}, {8, "Eve"}}, got.Unread, "by the lines of the file")
	for _, none := range []string{"Name,Group\nAnn,1\n", "\xff\xfea\x00n\x00", "", "PK\x03\x04\x00\x00"} {
		_, err = Table([]byte(none))
		require.Equal(t, api.Invalid, api.CodeOf(err), "%q", none)
	}
}

// Whatever somebody chooses as a file is read or refused.
func FuzzTable(f *testing.F) {
	for _, seed := range []string{"a@b.c,d\n", "\"", ";;;\n\"a\nb\";x@y.z", "\ufeff\t\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Table(raw)
		if err != nil {
			require.Equal(t, api.Invalid, api.CodeOf(err))
		}
		for _, a := range got.Addresses {
			require.Contains(t, a, "@")
		}
		for _, u := range got.Unread {
			require.LessOrEqual(t, u.Line, 1+bytes.Count(raw, []byte("\n"))+bytes.Count(raw, []byte("\r")))
		}
		_ = Pasted(string(raw))
	})
}

func TestWhatIsNotUnderstoodIsToldByLine(t *testing.T) {
	require.NoError(t, Roster{}.Complain("In the file x.csv"))
	err := Pasted(strings.Repeat("nobody\n", 8)).Complain("In the addresses")
	require.ErrorContains(t, err, `In the addresses, line 1: "nobody"; line 2`)
	require.ErrorContains(t, err, "and 3 more")
	require.ErrorContains(t, Pasted(strings.Repeat("ö", mostText+1)).Complain("There"), strings.Repeat("ö", mostText)+"…\"")
}
