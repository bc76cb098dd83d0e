// Package release says what a release is: a manifest that names, by their
// SHA-256, the binaries of allocator and agent for each platform and the
// rendered settings. A manifest is itself named by its SHA-256; a pointer (an
// SSM parameter) holds that name. Nothing in it is secret.
package release
