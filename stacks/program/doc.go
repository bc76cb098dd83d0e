// Package program is the Pulumi program: it composes the components of infra
// into the stacks that there are, an environment or an account, from a stack's
// settings.
package program
