package terraform

import (
	"encoding/json"
	"fmt"
)

// ImportFile is what `pulumi import --file` reads.
type ImportFile struct {
	Resources []Import `json:"resources"`
}

// Import is a resource to take over, or a component that one belongs to.
type Import struct {
	Type      string `json:"type"`
	Name      string `json:"name"`
	ID        string `json:"id,omitempty"`
	Parent    string `json:"parent,omitempty"`
	Component bool   `json:"component,omitempty"`
}

// Import is what the stack takes over, by the names that the program gives it.
func (p *Plan) Import() ImportFile {
	resources := []Import{
		{Type: "lablink:host:Address", Name: "host", Component: true},
		{Type: "aws:ec2/eip:Eip", Name: "host-address", ID: p.Address.ID, Parent: "host"},
	}
	if p.Record != nil {
		resources = append(resources,
			Import{Type: "lablink:dns:Dns", Name: "dns", Component: true},
			Import{Type: "aws:route53/record:Record", Name: "dns-record", ID: p.Record.ID, Parent: "dns"})
	}
	return ImportFile{Resources: resources}
}

// JSON is the file.
func (f ImportFile) JSON() ([]byte, error) {
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the import file: %w", err)
	}
	return append(raw, '\n'), nil
}
