// Package allocator holds the domain of the allocator: workshops, the machines
// they need, the seats that participants hold on them, and the durable
// operations that launch and end machines.
//
// It imports nothing that talks to the world. A Store keeps what is true and
// makes a double hold impossible; a Compute launches and ends instances; a
// Verifier says which instance an agent's proof speaks of; a Tunnels reaches
// agents; a Queue runs operations until they are done. Each has one package
// below this one, wired together in cmd/lablink-allocator.
//
// Two ideas run through it. A machine's state changes only along the table of
// transitions, by a compare-and-set, with a reason for people. And what takes
// time is an operation: written down first, carried out by a job that may be
// run again after a crash, and harmless when it is.
package allocator
