// Package host is what both binaries do to the machine they are installed on:
// the steps of its first boot, the folders of releases, the way from one release to
// another, and the calls of systemctl. All paths begin at LABLINK_ROOT, or at the
// root of the file system.
package host
