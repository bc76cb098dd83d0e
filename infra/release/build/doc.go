// Package build compiles the binaries that a release deploys. The same source,
// Go and C compiler give the same bytes: paths are trimmed, the version is
// taken from the source itself, and nothing depends on where or when the build
// runs.
package build
