// Package userdata renders the script with which every machine first boots,
// the allocator's host as well as clients. The script does as little as can be:
// it reads the release pointer, fetches the manifest and one binary with curl
// and the machine's own role, checks their SHA-256 and hands over to the binary,
// which does the rest. There is nothing secret in it.
//
// It needs bash, curl 7.87 or newer (older ones do not sign session tokens),
// sha256sum, sed and grep, which Debian 12, Ubuntu 24.04 and Amazon Linux 2023
// have.
package userdata
