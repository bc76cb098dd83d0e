// Package agent is the domain of lablink-agent, the service on every client
// machine: what the machine is, how well it is, and how it stays in touch with
// the allocator.
//
// Five ideas are enough to read it:
//
//   - A Machine is looked at again and again, and when its GPUs tell something.
//     Package gpu, which is of the domain, too, turns what is found into healthy,
//     degraded or unhealthy. A change is reported at once.
//   - An Agent is patient. It registers, reports and keeps a tunnel open, and
//     an allocator that is away is waited for, however long that takes. What
//     changed meanwhile is kept in order and told afterwards.
//   - A machine is set up once, before anybody gets it (Setup), and what is done in
//     its sessions is measured (Usage). What must outlast a restart is kept in Memory,
//     and what runs on the machine runs through a Runner.
//   - The agent makes its secret itself and stores it before the allocator is
//     told its sum. So a registration whose answer is lost is asked again.
//   - The allocator, the machine's proof, the place where the identity is kept
//     and the tunnel are interfaces. One package below this one adapts each of
//     them, and only cmd/lablink-agent knows all of them.
//
// This package imports the wire types of package api and package gpu, and neither
// NVML, AWS nor HTTP.
package agent
