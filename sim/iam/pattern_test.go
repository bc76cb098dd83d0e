package iam_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// reference is the meaning of a pattern as a regular expression.
func reference(text, pattern string) bool {
	var re strings.Builder
	for _, c := range pattern {
		switch c {
		case '*':
			re.WriteString(`(?s:.*)`)
		case '?':
			re.WriteString(`(?s:.)`)
		default:
			re.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return regexp.MustCompile("^(?:" + re.String() + ")$").MatchString(text)
}

func TestLikeAgreesWithItsMeaningAsARegularExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abé:/*?")), 0, 12, -1).Draw(t, "text")
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("abé:/*?*?")), 0, 12, -1).Draw(t, "pattern")
		if want, got := reference(text, pattern), iam.Like(text, pattern); got != want {
			t.Fatalf("Like(%q, %q): expected %v, got %v", text, pattern, want, got)
		}
	})
}

func FuzzLikeAgreesWithItsMeaning(f *testing.F) {
	f.Add("arn:aws:s3:::b/k", "arn:aws:s3:::b/*")
	f.Add("é", "?")
	f.Fuzz(func(t *testing.T, text, pattern string) {
		text, pattern = strings.ToValidUTF8(text, "é"), strings.ToValidUTF8(pattern, "é") // policies are text
		require.Equal(t, reference(text, pattern), iam.Like(text, pattern), "Like(%q, %q)", text, pattern)
	})
}

func TestAPatternOfManyRunsIsDecidedWithoutTryingThemAll(t *testing.T) {
	text, pattern := strings.Repeat("a", 2000), strings.Repeat("*a", 500)+"b"
	require.False(t, iam.Like(text, pattern))
	require.True(t, iam.Like(text+"b", pattern))
}
