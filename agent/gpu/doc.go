// Package gpu says how well a machine's GPUs are, and why.
//
// Four ideas are enough to read it:
//
//   - A look asks NVML, through a small interface, for what the GPUs do and what is
//     wrong with them. What a GPU does not tell is unknown, and unknown is neither
//     zero nor a fault.
//   - What the GPUs tell by themselves, as XIDs and ECC errors, comes as events while
//     a goroutine waits for them. An event is a fault for a while, or until the
//     machine or its driver starts anew, which is written down over restarts of the
//     agent.
//   - A finding is a symptom of one GPU. What must last, as heat, counts once it has
//     lasted, and goes once it was gone for a while.
//   - Tables say what symptoms and XIDs mean: the health, why in words, what helps,
//     and where NVIDIA says so. Code only looks them up.
//
// This package imports the wire types of package api, and neither go-nvml nor
// anything else that talks to the world.
package gpu
