// Package fakeallocator plays the allocator's side of the conversation with an
// agent, for tests that want a real one: HTTP, WebSocket and yamux. It keeps
// what it hears and can be told to forget its agents.
package fakeallocator
