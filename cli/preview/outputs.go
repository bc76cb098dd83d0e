package preview

import "fmt"

// outputs is what others read of the stack and find changed.
func (p *Preview) outputs() section {
	s := section{title: "Outputs", table: "| output | before | after | the contract |\n|---|---|---|---|"}
	if !p.Outputs.Told {
		return section{title: s.title, lines: []string{"This preview does not tell the outputs after it: pulumi does with `PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true`."}}
	}
	for _, o := range p.Outputs.Changes() {
		before, after := shown(o.Before), shown(o.After)
		if o.How == "changed" && before == after { // lists, and what is longer
			after = "another"
		}
		s.lines = append(s.lines, fmt.Sprintf("| %s | %s | %s | %s |", code(o.Name), before, after, p.covered(o)))
	}
	return s
}

// covered says whether readers may rely on what happens to an output.
func (p *Preview) covered(o Output) string {
	before, after := p.Outputs.Version()
	switch {
	case o.Name == "contractVersion":
		return "readers of the older version refuse the stack"
	case o.How == "added":
		return "covers it: outputs may be added"
	case !o.Breaks:
		return "covers it: name and type stay"
	case fmt.Sprint(before) == fmt.Sprint(after):
		return fmt.Sprintf("**breaks it**: %s, and the version stays %v. Keep the output, or raise `Version` in `stacks/outputs`", o.How, before)
	}
	return fmt.Sprintf("%s: covered by version %v → %v", o.How, before, after)
}

// breaking are the outputs that readers look for in vain, while the version tells
// them that nothing has changed.
func (p *Preview) breaking() []string {
	var out []string
	before, after := p.Outputs.Version()
	if fmt.Sprint(before) != fmt.Sprint(after) || !p.complete() {
		return nil
	}
	for _, o := range p.Outputs.Changes() {
		if o.Breaks {
			out = append(out, fmt.Sprintf("%s (%s)", code(o.Name), o.How))
		}
	}
	return out
}
