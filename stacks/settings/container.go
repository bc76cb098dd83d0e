package settings

import "regexp"

var (
	// reference is an image of a container: its registry, which has a dot, a port or is this
	// machine, then a name, and then a tag, a digest or both.
	reference = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(:[0-9]{1,5})?|[a-z0-9-]+:[0-9]{1,5})(/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$`)
	// pinned is one that always means the same.
	pinned = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)
)

// maxReference is how long an image's name may be.
const maxReference = 300

// checkContainer checks the image of a desktop that is a container.
func (pool Pool) checkContainer(key string, p *Problems) {
	switch {
	case pool.Desktop == "container" && pool.Container == "":
		p.add(key+"container", "name the image, for example ghcr.io/OWNER/NAME@sha256:DIGEST", "is empty, and desktop is container")
	case pool.Desktop != "container" && pool.Container != "":
		p.add(key+"container", "set desktop to container, or remove it", "names an image, and desktop is %s", pool.Desktop)
	case pool.Container != "" && (len(pool.Container) > maxReference || !reference.MatchString(pool.Container)):
		p.add(key+"container", "write its registry, its name, and its digest, for example ghcr.io/OWNER/NAME@sha256:DIGEST", "is no whole name of an image: %q", pool.Container)
	}
}
