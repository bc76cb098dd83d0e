// Package boot sets up a client machine at its first boot: the user, the agent's
// settings and its systemd service. From then on it keeps the machine at the
// release that the allocator wants: the agent writes down which one that is, and
// root's updater, which a timer calls, fetches it, checks every sum, restarts the
// agent and looks on for a while. An agent that does not come up, or ends, is taken
// back.
//
// A machine of one's own is set up in the same way once somebody asks for it, and given back.
// It stays at the program that it was set up with.
package boot
