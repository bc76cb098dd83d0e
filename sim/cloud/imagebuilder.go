package cloud

import (
	"regexp"
	"strings"
)

// What EC2 Image Builder's resources have in common.
var (
	builderName    = regexp.MustCompile(`^[-_A-Za-z0-9][-_A-Za-z0-9 ]{1,126}[-_A-Za-z0-9]$`)
	builderVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
)

// configurationComputed is what Image Builder adds to a configuration.
type configurationComputed struct {
	ARN         string `json:"arn"`
	DateCreated string `json:"dateCreated"`
	DateUpdated string `json:"dateUpdated,omitempty"`
}

// builderARN names something of Image Builder's: its name in lower case, with
// dashes for spaces.
func (a *Account) builderARN(kind, name, version string) string {
	return a.arn("imagebuilder", kind+"/"+strings.ReplaceAll(strings.ToLower(name), " ", "-")+version)
}

func checkBuilderName(name string) error {
	if !builderName.MatchString(name) {
		return refuse("InvalidParameterValueException", "The value supplied for parameter 'name' is not valid. name must match pattern %s", builderName)
	}
	return nil
}

func checkBuilderVersion(version string) error {
	if !builderVersion.MatchString(version) {
		return refuse("InvalidParameterValueException", "The value supplied for parameter 'semanticVersion' is not valid. semanticVersion must match pattern %s.", builderVersion)
	}
	return nil
}

// builderKeep adds something of Image Builder's, whose ARN must be free.
func builderKeep[T any](m *model, k kind[T], noun, arn string, v *T) error {
	if k.table(m)[arn] != nil {
		return refuse("ResourceAlreadyExistsException", "The following resource '%s' already exists: '%s'.", noun, arn)
	}
	k.table(m).keep(arn, v)
	return nil
}

func builderInUse(arn string) error {
	return refuse("ResourceDependencyException", "Resource dependency error: The resource ARN '%s' has other resources depended on it.", arn)
}
