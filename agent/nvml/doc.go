// Package nvml adapts NVIDIA's management library to the few questions that
// the agent asks (gpu.NVML). It works on any implementation of go-nvml's
// interface: the real library, which is loaded when the program runs, and the
// simulated one of package simulated, so that both take the same path.
//
// go-nvml needs cgo, and so does this package.
package nvml
