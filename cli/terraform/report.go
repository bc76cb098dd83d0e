package terraform

import (
	"bytes"
	_ "embed" // the templates
	"fmt"
	"slices"
	"text/template"
)

//go:embed report.md.tmpl
var reportText string

//go:embed stack.yaml.tmpl
var stackText string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"inc": func(i int) int { return i + 1 },
}).Parse(reportText))

var stackTemplate = template.Must(template.New("stack").Parse(stackText))

// Report says for people what is kept, what is created anew, and what is left for
// Terraform to destroy, each with its commands, and the way back. It is Markdown.
func (p *Plan) Report() ([]byte, error) { return render(reportTemplate, p) }

// StackFile is a draft of the stack's settings, as far as the deployment says them.
func (p *Plan) StackFile() ([]byte, error) { return render(stackTemplate, p) }

func render(t *template.Template, p *Plan) ([]byte, error) {
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return nil, fmt.Errorf("write the %s: %w", t.Name(), err)
	}
	return out.Bytes(), nil
}

// Imported is something that Terraform takes into its state again.
type Imported struct{ Address, ID string }

// Imports are what Terraform has to import to have it again when it has destroyed the
// rest: all that it forgot, but the address's association, which it makes anew.
func (p *Plan) Imports() ([]Imported, error) {
	var out []Imported
	for _, o := range p.State.managed("") {
		if o.Type == "aws_eip_association" || !slices.Contains(p.Forget, o.Address) {
			continue
		}
		a, err := read[struct{ ID string }](o)
		if err != nil {
			return nil, err
		}
		out = append(out, Imported{o.Address, a.ID})
	}
	return out, nil
}

// Machines is the pattern of the names of client machines.
func (p *Plan) Machines() string {
	if p.Older {
		return "lablink-vm-" + p.Environment + "-*"
	}
	return "*-lablink-client-" + p.Environment + "-vm-*"
}
