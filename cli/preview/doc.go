// Package preview reads what `pulumi preview --json` says and writes it down for
// the reviewer of a pull request: what changes, what that interrupts, what it
// costs, what others read of the stack, and which guardrail speaks.
//
// The engine prints either one document, or, with
// PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true, its events, one JSON value after
// another. Only events tell what does not change and the outputs after it, so that
// they are what workflows should give. Fields that are not known are passed over.
//
// What is shown is chosen, not filtered: values of a few settings that say what a
// resource is, and the engine's and the program's own words. What looks like a
// secret in those is left out, too.
package preview
