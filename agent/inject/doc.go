// Package inject breaks GPUs on purpose, for trying and testing what becomes of it.
//
// An Injector stands between the agent and NVML, simulated or real, and changes what
// NVML says. A socket in the agent's own folder, which only root and the agent's user
// can reach, takes the orders of "lablink-agent inject".
package inject
