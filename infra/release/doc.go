// Package release declares a release: the binaries and settings as objects
// that are named by their content, a manifest that names them, and the pointer
// that says which manifest hosts run. Old releases stay in the bucket, so that
// going back is a change of the pointer.
package release
