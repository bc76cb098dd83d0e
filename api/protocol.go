package api

// Speaker is an agent or an allocator, by its release and the protocol it speaks.
type Speaker struct {
	Version  string
	Protocol int
}

// Understand refuses an agent and an allocator that are more than one version of
// the protocol apart. Both ask it, of what the other said.
func Understand(agent, allocator Speaker) error {
	if d := agent.Protocol - allocator.Protocol; -1 <= d && d <= 1 {
		return nil
	}
	return Problemf(Invalid, "Agent and allocator do not understand each other",
		"Agent %s speaks protocol %d and allocator %s protocol %d, which is more than one apart. Replace the machine, so that it boots with the current release.",
		agent.Version, agent.Protocol, allocator.Version, allocator.Protocol)
}
