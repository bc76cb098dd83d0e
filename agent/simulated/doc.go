// Package simulated is a machine's NVIDIA GPUs without any: for trying LabLink,
// and for testing the agent from the adapter upwards.
//
// It is built on the mock servers that go-nvml brings, and adds what they leave
// out and the agent asks for. Readings are a function of the time and the
// GPU's UUID, and UUIDs are a function of a seed, so the same machine always
// shows the same GPUs, and a test can compute what it must see. GPUs can be
// broken on purpose.
package simulated
