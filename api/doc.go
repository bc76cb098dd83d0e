// Package api holds what crosses the wire between allocator, agent, command
// line and pages: the JSON bodies of /api/v1, the problem that every refusal
// is answered with, the proof by which an EC2 machine shows which instance it
// is, and a small client.
//
// It imports nothing of the allocator or the agent. A field that is added is
// optional for one protocol version; a field never changes its meaning.
package api

// Protocol is the version of the conversation between allocator and agent.
// Two programs one version apart understand each other. Version 1 is that of the
// first release: until there is one it may change.
const Protocol = 1
