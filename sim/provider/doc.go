// Package provider shows an account of sim/cloud to the Pulumi engine as the
// provider "aws": it serves the provider protocol over gRPC, and the engine
// attaches to it where PULUMI_DEBUG_PROVIDERS names its port.
//
// What there is stands in two tables: kinds.go for resources and functions.go
// for functions. Names, types and requiredness of properties are read from the
// Go types of pulumi-aws itself; what replaces a resource, how it is named and
// which outputs are secret stand in the table. A resource, function or property
// that is not there is refused, so that a deployment which works here says
// something about AWS.
package provider
