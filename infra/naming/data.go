package naming

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The longest names, in characters, that RDS, SNS, CloudWatch and Budgets take.
const (
	MaxDatabase  = 63
	MaxTopic     = 256
	MaxDashboard = 255
	MaxBudget    = 100
)

// TagData marks the one volume that holds an environment's data. Its value is
// nobody else's, as no name holds a slash: what looks for volumes by tags takes
// those that have any of the tags it is given, so it is given this one alone.
const TagData = "lablink:data"

// DataTag is the tag of this environment's data volume.
func (n Namer) DataTag() map[string]string {
	return map[string]string{TagData: n.Deployment + "/" + n.Environment}
}

// Database is a name for RDS, which takes no two dashes in a row. A name that
// has them loses one to a hash of the whole, so that it stays another name than
// the one with a single dash.
func (n Namer) Database(what string) string {
	name := n.Name(what, MaxDatabase)
	if !strings.Contains(name, "--") {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	name = name[:min(len(name), MaxDatabase-hashDigits-1)]
	return strings.TrimRight(name, "-") + "-" + hex.EncodeToString(sum[:])[:hashDigits]
}
