package stackfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// SetImage pins the image of a pool.
func (f *File) SetImage(pool, id string) error {
	i := slices.IndexFunc(f.pools(), func(p *yaml.Node) bool { return text(p, "name") == pool })
	if i < 0 {
		return fmt.Errorf("%s has no pool %q", f.path, pool)
	}
	key := fmt.Sprintf("lablink:pools[%d].image.id", i)
	return f.edit(key, id, child(f.pools()[i], "image"), "id", func() string { return text(child(f.pools()[i], "image"), "id") })
}

// SetHost pins the host's image.
func (f *File) SetHost(id string) error {
	const key = "lablink:allocator.ami"
	set := func() string { _, ami := f.Host(); return ami }
	if allocator := child(f.config, "lablink:allocator"); allocator != nil {
		return f.edit(key, id, allocator, "ami", set)
	}
	return f.edit(key, "{ami: "+id+"}", f.config, "lablink:allocator", set)
}

// edit sets a key of a mapping and makes sure that it reads as it should.
func (f *File) edit(name, value string, mapping *yaml.Node, key string, reads func() string) error {
	changed, err := f.set(mapping, key, value)
	if err == nil {
		err = f.parse(changed)
	}
	if err == nil && !strings.Contains(value, reads()) || err == nil && reads() == "" {
		err = errors.New("it does not read as it was written")
	}
	if err != nil {
		return fmt.Errorf("set %s in %s: %w: write %s yourself", name, f.path, err, value)
	}
	return nil
}

// set is the file's text with a key of a mapping set to a value that needs no
// quotes.
func (f *File) set(mapping *yaml.Node, key, value string) (string, error) {
	lines := strings.SplitAfter(f.text, "\n")
	name, old := entry(mapping, key)
	switch {
	case mapping == nil || mapping.Kind != yaml.MappingNode || mapping.Line == 0:
		return "", errors.New("there is nothing with keys to put it into")
	case old != nil:
		return replace(lines, name, old, value)
	case mapping.Style&yaml.FlowStyle != 0:
		at := mapping.Column // behind the brace
		if len(mapping.Content) > 0 {
			value += ", "
		}
		return splice(lines, mapping.Line, at, 0, key+": "+value), nil
	}
	first := mapping.Content[0]
	indent := []rune(lines[first.Line-1])[:first.Column-1]
	if strings.TrimSpace(string(indent)) != "" {
		return "", errors.New("its first key does not stand on a line of its own")
	}
	return splice(lines, first.Line, 0, 0, string(indent)+key+": "+value+"\n"), nil
}

// replace puts a value in the place of another.
func replace(lines []string, name, old *yaml.Node, value string) (string, error) {
	if old.Kind != yaml.ScalarNode {
		return "", errors.New("what is there is no text")
	}
	if old.Value == "" && old.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 { // nothing was written
		return splice(lines, name.Line, name.Column+len([]rune(name.Value)), 0, " "+value), nil
	}
	written := old.Value
	switch {
	case old.Style&yaml.SingleQuotedStyle != 0:
		written = "'" + written + "'"
	case old.Style&yaml.DoubleQuotedStyle != 0:
		written = `"` + written + `"`
	}
	rest := string([]rune(lines[old.Line-1])[old.Column-1:])
	if !strings.HasPrefix(rest, written) {
		return "", errors.New("what is there is written in a way that cannot be replaced")
	}
	return splice(lines, old.Line, old.Column-1, len([]rune(written)), value), nil
}

// splice replaces n characters of a line, which counts from 1, from a column,
// which counts from 0.
func splice(lines []string, line, column, n int, with string) string {
	r := []rune(lines[line-1])
	changed := slices.Clone(lines)
	changed[line-1] = string(r[:column]) + with + string(r[column+n:])
	return strings.Join(changed, "")
}
