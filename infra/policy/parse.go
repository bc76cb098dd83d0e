package policy

import (
	"encoding/json"
	"fmt"
)

// Rule is a statement of a policy document as somebody wrote it, in which a list
// of one may be a single text.
type Rule struct {
	Effect      string
	Principal   Principals
	Action      Texts
	NotAction   Texts
	Resource    Texts
	NotResource Texts
	Condition   map[string]map[string]Texts
}

// Texts is a list of texts; one may stand without its brackets.
type Texts []string

// Principals are whom a statement is about, by kind: AWS, Service, Federated.
// Everybody is "*" of the kind "*".
type Principals map[string]Texts

// Parse reads the statements of a policy document.
func Parse(document string) ([]Rule, error) {
	var d struct{ Statement []Rule }
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return d.Statement, nil
}

// UnmarshalJSON reads one text or a list.
func (t *Texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = Texts{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

// UnmarshalJSON reads "*" or an object.
func (p *Principals) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*p = Principals{"*": {one}}
		return nil
	}
	return json.Unmarshal(raw, (*map[string]Texts)(p))
}
