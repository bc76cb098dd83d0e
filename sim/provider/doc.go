// Package provider shows an account of sim/cloud to the Pulumi engine as the
// providers "aws" and "cloudflare": it serves the provider protocol over gRPC,
// each on a port of its own, and the engine attaches to them where
// PULUMI_DEBUG_PROVIDERS names the ports.
//
// What there is stands in tables: kinds.go for resources and functions.go for
// functions, both of cloudflare in cloudflare.go. Names, types and requiredness of
// properties are read from the Go types of pulumi-aws and pulumi-cloudflare; what replaces a resource, how it is named and
// which outputs are secret stand in the table. A resource, function or property
// that is not there is refused, so that a deployment which works here says
// something about AWS.
package provider
