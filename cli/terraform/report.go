package terraform

import (
	"bytes"
	_ "embed" // the templates
	"fmt"
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

// Imports are what Terraform would have to import to have it again.
func (p *Plan) Imports() (out []struct{ At, ID string }) {
	if p.Address.Managed {
		out = append(out, struct{ At, ID string }{p.Address.At, p.Address.ID})
	}
	if p.Record != nil {
		out = append(out, struct{ At, ID string }{p.Record.At, p.Record.ID})
	}
	if p.Zone.Managed {
		out = append(out, struct{ At, ID string }{p.Zone.At, p.Zone.ID})
	}
	return out
}

// Machines is the pattern of the names of client machines.
func (p *Plan) Machines() string {
	if p.Older {
		return "lablink-vm-" + p.Environment + "-*"
	}
	return "*-lablink-client-" + p.Environment + "-vm-*"
}
