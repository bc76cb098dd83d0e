// Package terraform reads the state of a LabLink deployment that Terraform or
// OpenTofu made, and plans how a stack takes its place: what the stack takes over,
// what is made anew, and what Terraform is left to destroy. It changes nothing.
//
// There are two generations of that deployment: the template's, and the older one
// that was part of LabLink's own repository. Both are told apart by the name of
// their key pair, and read by the types of their resources, as names of resources
// changed between versions.
//
// A state holds private keys and passwords. Only the attributes that a plan needs
// are taken out of it, and none of them is secret.
package terraform
