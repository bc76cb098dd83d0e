// Package network declares where machines live, and the two security groups:
// the allocator's lets people in on 80 and 443 and clients in by their group; the
// clients' lets nobody in.
//
// The place is a VPC of this deployment's own or one that is there. An own one
// has a public subnet in each of its zones, the way to the internet, and a
// gateway endpoint to S3; with NAT, clients have subnets apart, which lead out by
// one NAT gateway and in not at all. In one that is there, all stand in the
// subnets that are named, whose route tables decide where they lead.
package network
