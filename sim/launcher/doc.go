// Package launcher runs a stack of this working copy against the simulator: it
// gets the Pulumi engine, builds what is needed, starts the simulator, and calls
// the real `pulumi`. Everything it makes is below .lablink in the working copy,
// which git ignores. `make up` and the tests of the engine are made of it.
package launcher
