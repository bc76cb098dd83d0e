package settings

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	publishedVersion = regexp.MustCompile(`^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$`)
	sum              = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Published reports whether the release is one that was published.
func (a Allocator) Published() bool { return publishedVersion.MatchString(a.Version) }

// Manifest is the SHA-256 of the manifest of a release that is in the artifact
// bucket already, or "".
func (a Allocator) Manifest() string {
	if s, ok := strings.CutPrefix(a.Version, "sha256:"); ok {
		return s
	}
	return ""
}

func (s *Settings) checkRelease(p *Problems) {
	a := s.Allocator
	switch {
	case a.Version == FromSource:
	case strings.HasPrefix(a.Version, "sha256:"):
		if !sum.MatchString(a.Manifest()) {
			p.add("allocator.version", "write sha256: and the output release.manifest of the deploy to go back to", "names no manifest: %q has not 64 hexadecimal digits in lower case", a.Version)
		}
	case a.Published():
		if a.ReleaseSHA256 == "" {
			p.add("allocator.releaseSha256", "copy it from the release's notes, or make it: curl -sL "+a.ReleaseURL+"/"+a.Version+"/release.json | sha256sum", "is required with allocator.version %s, so that what is deployed is what was published", a.Version)
		}
	default:
		p.add("allocator.version", "use source, which deploys this commit, vX.Y.Z, or sha256: and a manifest's sum", "is %q: a name that can come to mean something else, such as latest or a branch, is not a version", a.Version)
	}
	if a.ReleaseSHA256 != "" && !sum.MatchString(a.ReleaseSHA256) {
		p.add("allocator.releaseSha256", "write what sha256sum prints of the release's release.json", "is not 64 hexadecimal digits in lower case: %q", a.ReleaseSHA256)
	}
	if u, err := url.Parse(a.ReleaseURL); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || strings.HasSuffix(a.ReleaseURL, "/") {
		p.add("allocator.releaseUrl", "write the folder that holds the folders of versions, for example https://github.com/OWNER/NAME/releases/download", "is not an https URL without a slash at the end: %q", a.ReleaseURL)
	}
}
