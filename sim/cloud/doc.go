// Package cloud is a model of one AWS account in one Region: what exists, what
// may be made of it, what it refuses and in which words. It keeps the rules
// that decide whether a deployment works (names that must be unique, what is
// in use and cannot go, addresses, routes, security groups, policies), and
// knows nothing of how it is called: sim/provider shows it to Pulumi, sim/wire
// to the AWS SDK, sim/machine boots its instances.
//
// Each kind of resource is a struct whose JSON names are the property names
// that Pulumi's AWS provider gives it, so that inputs decode into it and
// outputs are encoded from it. Refusals are *Error values with AWS's codes.
//
// All methods of Account are safe for concurrent use. Every change is written
// to the model's file before the method returns.
package cloud
