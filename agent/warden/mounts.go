package warden

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// maxMounts is how many file systems are looked at at most.
const maxMounts = 256

// scratchTypes are file systems on the machine's own disks, or in its memory, on which people
// work. What is on another computer is not the machine's to remove.
var scratchTypes = []string{"btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "tmpfs", "vfat", "xfs", "zfs"}

// mounts are where local file systems are that can be written to, with the root, and where
// any is.
type mounts struct{ local, all []string }

// mounted are the mounts as the kernel lists them (proc(5), mountinfo).
func mounted() (m mounts, err error) {
	f, err := os.Open(host.Path("/proc/self/mountinfo"))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil // as on a simulated machine
	}
	if err != nil {
		return m, fmt.Errorf("look which disks there are: %w", err)
	}
	defer f.Close()
	m.local = []string{"/"}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		at, ok := scratchMount(lines.Text())
		m.all = append(m.all, at)
		if ok && at != "/" && len(m.local) < maxMounts {
			m.local = append(m.local, at)
		}
	}
	if err := lines.Err(); err != nil {
		return m, fmt.Errorf("look which disks there are: %w", err)
	}
	return m, nil
}

// in reports whether something is mounted at a place, or below it.
func (m mounts) in(at string) bool {
	return slices.ContainsFunc(m.all, func(mount string) bool { return mount == at || strings.HasPrefix(mount, at+"/") })
}

// mountedBelow reports whether something is mounted at a place, or below it, now.
func mountedBelow(at string) bool {
	m, err := mounted()
	return err == nil && m.in(at)
}

// scratchMount is where one line's file system is, and whether people may work on it. Its
// fields are the number, that of the parent, the device, the root, where it is and the
// options; others, up to a dash; and the type, the source, and the options of the disk. One
// that the kernel found broken can only be read by those.
func scratchMount(line string) (at string, ok bool) {
	before, after, _ := strings.Cut(line, " - ")
	fields, of := strings.Fields(before), strings.Fields(after)
	if len(fields) < 6 || len(of) == 0 {
		return "", false
	}
	at = unescaped(fields[4])
	for _, systems := range []string{"/proc", "/sys", "/dev"} {
		if at == systems || strings.HasPrefix(at, systems+"/") {
			return at, false
		}
	}
	return at, slices.Contains(scratchTypes, of[0]) && writable(fields[5]) && writable(of[len(of)-1])
}

func writable(options string) bool { return !slices.Contains(strings.Split(options, ","), "ro") }

// unescaped is a path of mountinfo, in which some bytes are written in octal.
func unescaped(path string) string {
	for _, special := range []byte(" \t\n\\") {
		path = strings.ReplaceAll(path, fmt.Sprintf(`\%03o`, special), string(special))
	}
	return path
}
