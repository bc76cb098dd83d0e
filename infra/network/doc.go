// Package network declares where machines live: a VPC of this deployment's own
// with a public subnet in each of its zones, the way to the internet, a gateway
// endpoint to S3, and the two security groups. The allocator's group lets
// people in on 80 and 443 and clients in by their group; the clients' group
// lets nobody in.
package network
