// Package ec2 launches and ends machines on EC2: CreateFleet, of type instant,
// from a pool's launch template over its instance types and zones. It keeps what
// launched and says in words why the rest did not, finds what it launched by
// this deployment's tags, and ends nothing that does not carry them.
package ec2
