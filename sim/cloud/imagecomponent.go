package cloud

import (
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// ImageComponent is aws:imagebuilder/component:Component, with its document
// inline.
type ImageComponent struct {
	ID          string `json:"id"` // its ARN
	Name        string `json:"name"`
	Platform    string `json:"platform"`
	Version     string `json:"version"`
	Data        string `json:"data"`
	Description string `json:"description,omitempty"`
	Tagged
	imageComponentComputed
}

type imageComponentComputed struct {
	ARN         string `json:"arn"`
	DateCreated string `json:"dateCreated"`
	Encrypted   bool   `json:"encrypted"`
	Owner       string `json:"owner"`
	Type        string `json:"type"`
}

// CreateImageComponent makes one version of a component, which never changes.
func (a *Account) CreateImageComponent(c *ImageComponent) error {
	return a.change(func(m *model) error {
		kind, err := c.check()
		if err != nil {
			return err
		}
		c.ID = a.builderARN("component", c.Name, "/"+c.Version+"/1")
		c.imageComponentComputed = imageComponentComputed{
			ARN: c.ID, DateCreated: a.now().Format(time.RFC3339), Encrypted: true, Owner: a.opts.AccountID, Type: kind,
		}
		return builderKeep(m, imageComponents, "Component", c.ID, c)
	})
}

// check says whether the component builds or only tests.
func (c *ImageComponent) check() (string, error) {
	if err := checkBuilderName(c.Name); err != nil {
		return "", err
	}
	if err := checkBuilderVersion(c.Version); err != nil {
		return "", err
	}
	if c.Platform != "Linux" {
		return "", refuse("InvalidParameterValueException", "The simulator models components for Linux, not for %q", c.Platform)
	}
	invalid := func(why string) error {
		return refuse("InvalidParameterValueException", "The value supplied for parameter 'data' is not valid. %s", why)
	}
	var document struct {
		SchemaVersion string `yaml:"schemaVersion"`
		Phases        []struct {
			Name  string `yaml:"name"`
			Steps []struct {
				Name   string `yaml:"name"`
				Action string `yaml:"action"`
			} `yaml:"steps"`
		} `yaml:"phases"`
	}
	switch err := yaml.Unmarshal([]byte(c.Data), &document); {
	case len(c.Data) < 1 || len(c.Data) > 16000:
		return "", invalid("It has 1 to 16000 characters.")
	case err != nil:
		return "", invalid(err.Error())
	case document.SchemaVersion != "1.0" || len(document.Phases) == 0:
		return "", invalid("It has the schemaVersion 1.0 and phases.")
	}
	kind := "TEST"
	for _, phase := range document.Phases {
		if !slices.Contains([]string{"build", "validate", "test"}, phase.Name) || len(phase.Steps) == 0 {
			return "", invalid("The phases are build, validate and test, each with steps.")
		}
		if phase.Name != "test" {
			kind = "BUILD"
		}
		for _, step := range phase.Steps {
			if step.Name == "" || step.Action != "ExecuteBash" {
				return "", invalid("The simulator models the action ExecuteBash, not " + step.Action)
			}
		}
	}
	return kind, c.settle()
}

// ImageComponent returns one version by its ARN.
func (a *Account) ImageComponent(arn string) (*ImageComponent, error) {
	return imageComponents.lookup(a, arn)
}

// UpdateImageComponent changes tags only.
func (a *Account) UpdateImageComponent(arn string, c *ImageComponent) error {
	return imageComponents.update(a, arn, c, func(_ *model, cur *ImageComponent) error {
		tags := c.Tagged
		*c = *cur
		c.Tagged = tags
		return c.settle()
	})
}

// DeleteImageComponent removes a version that no recipe uses.
func (a *Account) DeleteImageComponent(arn string) error {
	return imageComponents.remove(a, arn, func(m *model, _ *ImageComponent) error {
		for _, r := range m.ImageRecipes {
			if slices.ContainsFunc(r.Components, func(c RecipeComponent) bool { return c.ComponentARN == arn }) {
				return builderInUse(arn)
			}
		}
		return nil
	})
}
