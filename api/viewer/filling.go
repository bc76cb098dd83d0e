package viewer

import (
	"cmp"
	"encoding/json"
	"html"
	"strings"
)

// scripted are the words that the page's script says.
var scripted = []string{"unreachable", "watching", "controlling", "gone", "lost", "again", "too_much"}

// script are those words, as JSON.
func (v View) script() (string, error) {
	said := map[string]string{}
	for _, name := range scripted {
		said[name] = v.Say(name)
	}
	raw, err := json.Marshal(said)
	return string(raw), err
}

// view is what the page calls who looks.
func (v View) view() string {
	switch {
	case v.Watch:
		return "watch"
	case v.Control:
		return "control"
	}
	return "own"
}

// fill puts into a page what is shown there. What it puts is text or a quoted attribute.
//
// This is no html/template, which calls methods by their names: a program that does so keeps
// those of all that it links, and nearly all of the agent is in memory, of which it took 4 MiB.
func (v View) fill(name string) (string, error) {
	raw, err := files.ReadFile(name)
	if err != nil {
		return "", err
	}
	words, err := v.script()
	if err != nil {
		return "", err
	}
	leave := "back"
	if v.view() == "own" {
		leave = "seat"
	}
	puts := []string{
		"{{language}}", cmp.Or(v.Language.Name, "en"), "{{title}}", cmp.Or(v.Title, v.Say("desktop")), "{{assets}}", v.Assets,
		"{{view}}", v.view(), "{{words}}", words, "{{stream}}", v.Stream, "{{told}}", v.Watched,
		"{{whence}}", v.Back, "{{leave}}", v.Say(leave), "{{takes}}", v.TakeOver, "{{watches}}", v.OnlyWatch,
	}
	for word := range English {
		puts = append(puts, "{{"+word+"}}", v.Say(word))
	}
	for i := 1; i < len(puts); i += 2 {
		puts[i] = html.EscapeString(puts[i])
	}
	return strings.NewReplacer(puts...).Replace(string(raw)), nil
}
