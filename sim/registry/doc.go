// Package registry is a registry of container images, for tests: it has one image, whose
// layers are made of folders, such as a system's. It speaks of the OCI distribution
// specification what a pull asks for. It imports nothing of LabLink.
package registry
