// Package uplink is the agent's way to the allocator: an HTTP client with the
// agent's patience, for package tunnel too, and the calls of agent.Allocator.
//
// A forward proxy that the environment names (HTTPS_PROXY, HTTP_PROXY,
// NO_PROXY) is used.
package uplink
