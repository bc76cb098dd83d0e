// Package tunnel is the connection that the agent keeps to the allocator: a
// WebSocket that carries yamux. The agent dials, so a machine needs no inbound
// port; the allocator opens the streams, and each stream is one connection to
// an http.Handler of the agent.
package tunnel
