// Package balancer declares the two application load balancers before the
// allocator: one on the internet for people, one inside the network for the agents
// of client machines, so that no list of who may reach the pages shuts agents out.
// Both end TLS with the same certificate, and reach the allocator's hosts on port
// 80; nobody else does.
//
// A target group belongs to one load balancer, so that there are two of each.
package balancer
