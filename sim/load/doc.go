// Package load measures the allocator under the load of a large room: hundreds of
// people who claim seats at once, thousands of agents that report and keep tunnels.
//
// The allocator is a process of its own, as it is deployed, with its database on the
// disk. The agents are another process, which speaks to it through the packages of
// the agent itself; the people are a third. What they tell each other is JSON, a line
// each. Instances, roles and STS are the simulator's, in the benchmark's own process.
package load
