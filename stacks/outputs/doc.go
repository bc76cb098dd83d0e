// Package outputs is the contract with those who read a stack's outputs: other
// teams through a StackReference, `pulumi stack output --json` or this package.
//
// Fields are only ever added. Taking one away or changing its meaning raises
// Version, and a test holds the names to a golden file.
package outputs
