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

func builderExists(kind, arn string) error {
	return refuse("ResourceAlreadyExistsException", "The following resource '%s' already exists: '%s'.", kind, arn)
}

func builderInUse(arn string) error {
	return refuse("ResourceDependencyException", "Resource dependency error: The resource ARN '%s' has other resources depended on it.", arn)
}
