package lookup

import "strings"

// Missing reports whether what was looked up does not exist, as pulumi-aws says
// it of what is found by one name.
func Missing(err error) bool { return says(err, "couldn't find resource") }

// Denied reports whether AWS did not let these credentials look.
func Denied(err error) bool {
	return says(err, "AccessDenied") || says(err, "UnauthorizedOperation")
}

func says(err error, what string) bool { return err != nil && strings.Contains(err.Error(), what) }
