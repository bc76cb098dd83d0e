// Package guardrail holds what a stack registers to rules that no setting lifts:
// a program that breaks one deploys nothing. It reads a recording of the
// program's declarations, so the rules hold for everything that is registered,
// whoever declared it and why.
package guardrail
