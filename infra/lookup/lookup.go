package lookup

import "strings"

// Missing reports whether what was looked up does not exist, in the two ways that
// pulumi-aws says it.
func Missing(err error) bool {
	return says(err, "couldn't find resource") || says(err, "no matching EC2 VPC found")
}

// Denied reports whether AWS did not let these credentials look.
func Denied(err error) bool {
	return says(err, "AccessDenied") || says(err, "UnauthorizedOperation")
}

func says(err error, what string) bool { return err != nil && strings.Contains(err.Error(), what) }
