package warden

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// What is looked for at most: file systems that are mounted, and what is at the top of each.
const (
	maxMounts  = 256
	maxEntries = 1000
)

// scratchTypes are file systems on the machine's own disks, or in its memory, on which people
// work. What is on another computer is not the machine's to remove.
var scratchTypes = []string{"btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "tmpfs", "vfat", "xfs", "zfs"}

// scratch are the folders beside the known ones in which everybody may leave things: the top
// of each local file system that can be written to, and the folders right below it. It is how
// instance stores are used.
func scratch() ([]string, error) {
	mounts, all, err := mounted()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, at := range mounts {
		for _, dir := range topOf(at, all) {
			if info, err := os.Lstat(host.Path(dir)); err == nil && info.IsDir() && info.Mode().Perm()&0o002 != 0 {
				found = append(found, dir)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// topOf is a folder, and the folders in it, but for those where another file system is: one on
// another computer may not answer.
func topOf(dir string, mounts map[string]bool) []string {
	top := []string{dir}
	f, err := os.Open(host.Path(dir))
	if err != nil {
		return top
	}
	defer f.Close()
	entries, _ := f.ReadDir(maxEntries) // what cannot be read cannot be looked at
	for _, e := range entries {
		if in := filepath.Join(dir, e.Name()); e.IsDir() && !mounts[in] {
			top = append(top, in)
		}
	}
	return top
}

// mounted are where local file systems are that can be written to, with the root, and where
// any is, as the kernel lists them (proc(5), mountinfo).
func mounted() (local []string, all map[string]bool, err error) {
	f, err := os.Open(host.Path("/proc/self/mountinfo"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil // as on a simulated machine
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look which disks there are: %w", err)
	}
	defer f.Close()
	local, all = []string{"/"}, map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		at, ok := scratchMount(lines.Text())
		all[at] = true
		if ok && len(local) < maxMounts {
			local = append(local, at)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("look which disks there are: %w", err)
	}
	return local, all, nil
}

// scratchMount is where one line's file system is, and whether people may work on it. Its
// fields are the number, that of the parent, the device, the root, where it is and the
// options; others, up to a dash; and the type.
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
	return at, slices.Contains(scratchTypes, of[0]) && !slices.Contains(strings.Split(fields[5], ","), "ro")
}

// unescaped is a path of mountinfo, in which some bytes are written in octal.
func unescaped(path string) string {
	for _, special := range []byte(" \t\n\\") {
		path = strings.ReplaceAll(path, fmt.Sprintf(`\%03o`, special), string(special))
	}
	return path
}

// removeRuntime removes what is in a user's folder in /run/user. The folder itself may be a
// file system of its own, which systemd takes away.
func removeRuntime(uid int) error {
	dir := host.Path("/run/user/" + strconv.Itoa(uid))
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	if err != nil {
		return fmt.Errorf("remove what the session before left: %w", err)
	}
	return nil
}

// keepScratch makes root's what a user left in scratch folders, as it is else: it was set up
// there for everybody, and ends with nobody's session.
func keepScratch(uid int, chown func(string) error) error {
	folders, err := scratch()
	if err != nil {
		return err
	}
	for _, dir := range folders {
		if slices.Contains(left, dir) || slices.Contains(jobs, dir) {
			continue
		}
		entries, err := os.ReadDir(host.Path(dir))
		if err != nil {
			return fmt.Errorf("keep what was set up in %s: %w", dir, err)
		}
		for _, e := range entries {
			if !of(e, uid) {
				continue
			}
			if err := eachOf(filepath.Join(host.Path(dir), e.Name()), chown); err != nil {
				return fmt.Errorf("keep what was set up in %s: %w", dir, err)
			}
		}
	}
	return nil
}

func eachOf(path string, do func(string) error) error {
	return filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return do(path)
	})
}

// of reports whether something belongs to a user.
func of(e fs.DirEntry, uid int) bool {
	info, err := e.Info()
	if err != nil {
		return false // it is gone
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) == int64(uid)
}
