// Package pool declares a kind of client machine: the launch template that the
// allocator launches from, and the role that such a machine acts under.
package pool
