package live

import (
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"html/template"
	"strconv"
	"strings"
)

// secret is in every mark, so that nothing that somebody typed is taken for one.
var secret = rand.Text()

var opening, closing = "<!--" + secret + ":", "<!--/" + secret + "-->"

// Begin marks where a part begins that has this id.
func Begin(id string) template.HTML {
	return template.HTML(opening + template.HTMLEscapeString(id) + "-->") //nolint:gosec // escaped
}

// End marks where the part ends that began last.
func End() template.HTML { return template.HTML(closing) } //nolint:gosec // a constant

// Page is a part of a page: its own text, and the parts in it.
type Page struct {
	id    string
	items []item
	inner map[string]*Page
}

// item is a piece of text, or a part.
type item struct {
	text string
	part *Page
}

// Parse reads what a template has written.
func Parse(id, rendered string) *Page {
	root := &Page{id: id}
	open := []*Page{root}
	for rendered != "" {
		here := open[len(open)-1]
		begin, end := strings.Index(rendered, opening), strings.Index(rendered, closing)
		switch {
		case begin >= 0 && (begin < end || end < 0):
			here.write(rendered[:begin])
			var id string
			id, rendered, _ = strings.Cut(rendered[begin+len(opening):], "-->")
			open = append(open, here.begin(id))
		case end >= 0:
			here.write(rendered[:end])
			rendered = rendered[end+len(closing):]
			if len(open) > 1 {
				open = open[:len(open)-1]
			}
		default:
			here.write(rendered)
			rendered = ""
		}
	}
	return root
}

func (p *Page) write(text string) {
	if text != "" {
		p.items = append(p.items, item{text: text})
	}
}

func (p *Page) begin(id string) *Page {
	part := &Page{id: id}
	p.items = append(p.items, item{part: part})
	if p.inner == nil {
		p.inner = map[string]*Page{}
	}
	p.inner[id] = part
	return part
}

// Check reports what is not one element that has its mark's id.
func (p *Page) Check() error {
	for id, part := range p.inner {
		tag, _, _ := strings.Cut(strings.TrimSpace(part.HTML()), ">")
		if !strings.HasPrefix(tag, "<") || !strings.Contains(tag+" ", ` id="`+id+`" `) {
			return fmt.Errorf("the part %s begins with %q and not with an element of that id", id, tag)
		}
		if err := part.Check(); err != nil {
			return err
		}
	}
	return nil
}

// HTML is the part without its marks.
func (p *Page) HTML() string {
	var out strings.Builder
	p.writeTo(&out)
	return out.String()
}

func (p *Page) writeTo(out *strings.Builder) {
	for _, i := range p.items {
		out.WriteString(i.text)
		if i.part != nil {
			i.part.writeTo(out)
		}
	}
}

// Sum is the same for what looks the same.
func (p *Page) Sum() string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(p.HTML())) // writes to memory
	return strconv.FormatUint(sum.Sum64(), 36)
}
