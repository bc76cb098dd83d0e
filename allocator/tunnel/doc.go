// Package tunnel is the allocator's end of the agents' tunnels. An agent dials
// in and keeps one WebSocket, which carries yamux; the allocator opens streams
// over it and speaks HTTP to the agent, so that a machine needs no open port.
package tunnel
