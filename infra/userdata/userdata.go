package userdata

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
)

// MaxBytes is what EC2 takes, before base64.
const MaxBytes = 16384

// Args say what a machine becomes. All but Bootstrap are required.
type Args struct {
	Binary  string // lablink-allocator or lablink-agent
	Part    string // the manifest's list that holds it: allocator or agent
	Region  string
	Pointer string // the SSM parameter that names the release
	Bucket  string // the artifact bucket
	// Bootstrap are the arguments of the binary's bootstrap command.
	Bootstrap []string
}

//go:embed boot.sh
var script string

var boot = template.Must(template.New("boot.sh").Funcs(template.FuncMap{"quote": quote}).Option("missingkey=error").Parse(script))

// Render writes the script. It fails when something is missing, and when the
// script is larger than MaxBytes.
func Render(a Args) (string, error) {
	if a.Binary == "" || a.Part == "" || a.Region == "" || a.Pointer == "" || a.Bucket == "" {
		return "", errors.New("user data: Binary, Part, Region, Pointer and Bucket are required")
	}
	var b strings.Builder
	if err := boot.Execute(&b, a); err != nil {
		return "", fmt.Errorf("render user data: %w", err)
	}
	if b.Len() > MaxBytes {
		return "", fmt.Errorf("user data has %d bytes, but EC2 takes %d at most", b.Len(), MaxBytes)
	}
	return b.String(), nil
}

// quote makes s one word of the shell, whatever is in it.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
