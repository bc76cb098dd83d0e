package live_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/allocator/web/live"
)

// row is a row of a table, with a cell that changes for itself.
type row struct{ id, name, load string }

func rendered(title string, rows ...row) string {
	var out strings.Builder
	out.WriteString("<h2>" + title + "</h2>\n<ul>\n")
	for _, r := range rows {
		fmt.Fprintf(&out, `%s<li id="%s">%s %s<b id="%s-load">%s</b>%s</li>%s`+"\n", live.Begin(r.id), r.id, r.name, live.Begin(r.id+"-load"), r.id, r.load, live.End(), live.End())
	}
	out.WriteString("</ul><p>end</p>")
	return out.String()
}

func page(title string, rows ...row) *live.Page { return live.Parse("room", rendered(title, rows...)) }

func TestOnlyWhatHasChangedIsSent(t *testing.T) {
	a, b, c := row{"a", "Ann", "1"}, row{"b", "Bob", "2"}, row{"c", "Cleo", "3"}
	busy, other := a, a
	busy.load, other.name = "9", "Anna"
	for what, x := range map[string]struct {
		before, after *live.Page
		sent          string
	}{
		"nothing":           {page("x", a, b), page("x", a, b), ""},
		"a cell":            {page("x", a, b), page("x", busy, b), `<template><b hx-swap-oob="become" id="a-load">9</b></template>`},
		"a row":             {page("x", a, b), page("x", other, b), `<template><li hx-swap-oob="become" id="a">Anna <b id="a-load">1</b></li></template>`},
		"one that goes":     {page("x", a, b, c), page("x", a, c), `<div id="b" hx-swap-oob="delete"></div>`},
		"one that comes":    {page("x", a, c), page("x", a, b, c), `<template><li hx-swap-oob="after:#a" id="b">Bob <b id="b-load">2</b></li></template>`},
		"one that is first": {page("x", b), page("x", a, b), `<template><li hx-swap-oob="before:#b" id="a">Ann <b id="a-load">1</b></li></template>`},
	} {
		require.Equal(t, x.sent, live.Diff(x.before, x.after), what)
	}
	for what, now := range map[string]*live.Page{"another title": page("y", a, b), "another order": page("x", b, a), "the first of all": page("x", c)} {
		require.Equal(t, now.Whole(), live.Diff(page("x", a, b), now), what)
	}
}

func TestAPageIsWhatWasWrittenWithoutItsMarks(t *testing.T) {
	p := page("x", row{"a", "Ann", "1"})
	require.NoError(t, p.Check())
	require.Equal(t, "<h2>x</h2>\n<ul>\n<li id=\"a\">Ann <b id=\"a-load\">1</b></li>\n</ul><p>end</p>", p.HTML())
	require.Equal(t, p.Sum(), page("x", row{"a", "Ann", "1"}).Sum())
	require.NotEqual(t, p.Sum(), page("x", row{"a", "Ann", "2"}).Sum())
}

func TestAMarkAroundSomethingElseIsFound(t *testing.T) {
	require.Error(t, live.Parse("x", string(live.Begin("a"))+"text"+string(live.End())).Check())
	require.ErrorContains(t, live.Parse("x", string(live.Begin("a"))+`<li id="b">`+string(live.End())).Check(), "the part a")
}

// Whatever a page was, what is sent makes it what it is now: played by a browser that does
// what pages.js says.
func TestWhatIsSentMakesThePageWhatItIs(t *testing.T) {
	rows := rapid.Custom(func(t *rapid.T) []row {
		ids := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), func(s string) string { return s }).Draw(t, "ids")
		var all []row
		for _, id := range ids {
			all = append(all, row{id, rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name"), rapid.SampledFrom([]string{"1", "2"}).Draw(t, "load")})
		}
		return all
	})
	title := rapid.SampledFrom([]string{"one", "one", "two"})
	rapid.Check(t, func(t *rapid.T) {
		first, then := rows.Draw(t, "before"), rows.Draw(t, "after")
		before, after := page(title.Draw(t, "title"), first...), page(title.Draw(t, "title"), then...)
		browser := parse(t, `<div id="room">`+before.HTML()+`</div>`)
		play(t, browser, live.Diff(before, after))
		require.Equal(t, bare(`<div id="room">`+after.HTML()+`</div>`), bare(written(t, browser)))
	})
}

// play does to a page what a message says.
func play(t require.TestingT, page *html.Node, message string) {
	for _, sent := range children(parse(t, message)) {
		if sent.DataAtom == atom.Template {
			sent = sent.FirstChild
		}
		how, at, _ := strings.Cut(attribute(sent, "hx-swap-oob"), ":#")
		if at == "" {
			at = attribute(sent, "id")
		}
		sent.Attr = slices.DeleteFunc(sent.Attr, func(a html.Attribute) bool { return a.Key == "hx-swap-oob" })
		target := find(page, at)
		require.NotNil(t, target, at)
		sent.Parent.RemoveChild(sent)
		switch how {
		case "become":
			target.Parent.InsertBefore(sent, target)
			target.Parent.RemoveChild(target)
		case "within":
			for _, c := range children(target) {
				target.RemoveChild(c)
			}
			for _, c := range children(sent) {
				sent.RemoveChild(c)
				target.AppendChild(c)
			}
		case "after":
			target.Parent.InsertBefore(sent, target.NextSibling)
		case "before":
			target.Parent.InsertBefore(sent, target)
		case "delete":
			target.Parent.RemoveChild(target)
		default:
			require.Fail(t, "no such way: "+how)
		}
	}
}

func parse(t require.TestingT, text string) *html.Node {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(text), body)
	require.NoError(t, err)
	for _, n := range nodes {
		body.AppendChild(n)
	}
	return body
}

func children(n *html.Node) []*html.Node { return slices.Collect(n.ChildNodes()) }

func find(n *html.Node, id string) *html.Node {
	for d := range n.Descendants() {
		if attribute(d, "id") == id {
			return d
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func written(t require.TestingT, body *html.Node) string {
	var out strings.Builder
	for c := range body.ChildNodes() {
		require.NoError(t, html.Render(&out, c))
	}
	return out.String()
}

// bare is without the space between elements, which is not sent.
func bare(text string) string {
	return strings.NewReplacer("> <", "><", " <", "<", "> ", ">").Replace(strings.Join(strings.Fields(text), " "))
}
