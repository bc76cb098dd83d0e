// Package process runs commands on the machine as who works on its desktop: each in a
// process group of its own, without a shell, and for no longer than it may take.
package process
