package settings

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	// maxScript and maxCheck are how long what runs on machines may be, in bytes. A script
	// is one argument of bash, of which Linux takes 128 KiB.
	maxScript = 100 << 10
	maxCheck  = 4 << 10
	// maxSoftware is how many programs a pool may name.
	maxSoftware = 20
)

// program is a program's name.
var program = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,99}$`)

// checkSetup checks what machines are set up with.
func (pool Pool) checkSetup(key string, p *Problems) {
	if pool.Repository != "" && !cloneable(pool.Repository) {
		p.add(key+"repository", "write where anybody may clone it from, for example https://github.com/OWNER/NAME", "is no address of a Git repository over TLS without a password: %q", withoutPassword(pool.Repository))
	}
	if pool.Desktop == "none" && (pool.Repository != "" || pool.Startup.Script != "") {
		p.add(key+"desktop", "set it to vnc, container or crd, or remove repository and startup.script", "is none, and what sets machines up runs only where there is a desktop: as who works there, apart from the agent")
	}
	if len(pool.Software) > maxSoftware {
		p.add(key+"software", "name those that people work in", "names %d programs, and may name %d", len(pool.Software), maxSoftware)
	}
	for i, name := range pool.Software {
		if !program.MatchString(name) {
			p.add(fmt.Sprintf("%ssoftware[%d]", key, i), "write the name that ps shows, for example blender, or that of the script or module that an interpreter runs", "is no program's name: %q", name)
		}
	}
	pool.Startup.check(key+"startup.", p)
}

func (s Startup) check(key string, p *Problems) {
	for _, text := range []struct {
		key, value string
		most       int
	}{{"script", s.Script, maxScript}, {"successCheck", s.SuccessCheck, maxCheck}} {
		if len(text.value) > text.most {
			p.add(key+text.key, "let it fetch the rest", "has %d bytes, and may have %d", len(text.value), text.most)
		}
		if !utf8.ValidString(text.value) || strings.ContainsRune(text.value, 0) {
			p.add(key+text.key, "write it in UTF-8", "is no text")
		}
	}
	if s.SuccessCheck != "" && s.Script == "" {
		p.add(key+"successCheck", "set startup.script too, or remove it", "checks what no script does")
	}
	if s.MaxAttempts < 1 || s.MaxAttempts > 10 {
		p.add(key+"maxAttempts", "3 get over most troubles of a network", "must be between 1 and 10, not %d", s.MaxAttempts)
	}
	if d := *s.BaseDelaySeconds; d < 0 || d > 600 {
		p.add(key+"baseDelaySeconds", "30 is a good beginning", "must be between 0 and 600, not %d", d)
	}
}

// cloneable reports whether machines can clone a repository without a secret.
func cloneable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && strings.Trim(u.Path, "/.") != "" &&
		u.RawQuery == "" && u.Fragment == "" && len(address) <= 500
}

// withoutPassword is an address as it may be shown.
func withoutPassword(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return address
}
