package cloud

import (
	"regexp"
	"strings"
)

// Parameter is aws:ssm/parameter:Parameter, of the Standard tier.
type Parameter struct {
	ID          string `json:"id"` // its name
	Name        string `json:"name"`
	Type        string `json:"type"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
	Tagged
	parameterComputed
}

type parameterComputed struct {
	ARN      string `json:"arn"`
	Version  int    `json:"version"`
	Tier     string `json:"tier"`
	DataType string `json:"dataType"`
	KeyID    string `json:"keyId,omitempty"`
}

var reserved = regexp.MustCompile(`(?i)^/?(aws|ssm)`)

var parameterName = regexp.MustCompile(`^[a-zA-Z0-9_./-]+$`)

// CreateParameter makes a parameter; its name must be free.
func (a *Account) CreateParameter(p *Parameter) error {
	return a.change(func(m *model) error {
		if m.Parameters[p.Name] != nil {
			return refuse("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
		}
		p.ID = p.Name
		p.parameterComputed = parameterComputed{
			ARN: a.arn("ssm", "parameter/"+strings.TrimPrefix(p.Name, "/")), Version: 1, Tier: "Standard", DataType: "text",
		}
		if err := p.check(); err != nil {
			return err
		}
		m.Parameters.keep(p.Name, p)
		return nil
	})
}

func (p *Parameter) check() error {
	switch {
	case !parameterName.MatchString(p.Name) || len(p.Name) > 1011 || strings.Count(p.Name, "/") > 15,
		strings.Contains(p.Name, "/") && !strings.HasPrefix(p.Name, "/"):
		return refuse("ValidationException", "Parameter name: %s is not valid: it must be a fully qualified name of letters, digits and ._-/", p.Name)
	case reserved.MatchString(p.Name):
		return refuse("AccessDeniedException", "No access to reserved parameter name: %s.", p.Name)
	case p.Type != "String" && p.Type != "StringList" && p.Type != "SecureString":
		return refuse("ValidationException", "Value '%s' at 'type' failed to satisfy constraint", p.Type)
	case p.Value == "" || strings.Contains(p.Value, "{{"):
		return refuse("ValidationException", "Parameter value is empty or holds a nested parameter")
	case len(p.Description) > 1024:
		return refuse("ValidationException", "The description of parameter %s is longer than 1024 characters", p.Name)
	case len(p.Value) > 4096:
		return refuse("ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.")
	}
	p.KeyID = ""
	if p.Type == "SecureString" {
		p.KeyID = "alias/aws/ssm"
	}
	return p.settle()
}

// Parameter returns one parameter; AWS's public ones exist in every account.
func (a *Account) Parameter(name string) (*Parameter, error) {
	for _, image := range a.given() {
		if image.Parameter == name && name != "" {
			return &Parameter{
				ID: name, Name: name, Type: "String", Value: image.ID,
				parameterComputed: parameterComputed{
					ARN:     "arn:aws:ssm:" + a.opts.Region + "::parameter" + name,
					Version: 1, Tier: "Standard", DataType: "aws:ec2:image",
				},
			}, nil
		}
	}
	return parameters.lookup(a, name)
}

// UpdateParameter writes a new version.
func (a *Account) UpdateParameter(name string, p *Parameter) error {
	return parameters.update(a, name, p, func(_ *model, cur *Parameter) error {
		p.ID, p.Name, p.parameterComputed = name, cur.Name, cur.parameterComputed
		if p.Value != cur.Value || p.Type != cur.Type || p.Description != cur.Description {
			p.Version++ // tags are not part of what is put
		}
		return p.check()
	})
}

// PutParameter writes a value as the API's call does: each time is a new version.
// Without a kind, it stays what it was.
func (a *Account) PutParameter(name, kind, value string, overwrite bool) (version int, err error) {
	if _, err := parameters.lookup(a, name); err != nil {
		if kind == "" {
			return 0, refuse("ValidationException", "A parameter type is required when you create a parameter.")
		}
		p := &Parameter{Name: name, Type: kind, Value: value}
		err := a.CreateParameter(p)
		return p.Version, err
	}
	if !overwrite {
		return 0, refuse("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	}
	err = a.change(func(m *model) error {
		p := *m.Parameters[name]
		if kind != "" && kind != p.Type {
			return refuse("HierarchyTypeMismatchException", "Parameter Store does not support changing a parameter type.")
		}
		p.Value, p.Version = value, p.Version+1
		version = p.Version
		if err := p.check(); err != nil {
			return err
		}
		m.Parameters.keep(name, &p)
		return nil
	})
	return version, err
}

// DeleteParameter removes a parameter at once.
func (a *Account) DeleteParameter(name string) error { return parameters.remove(a, name, nil) }
