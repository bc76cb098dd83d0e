// Package system holds the tests of everything together, as a person would meet
// it: `make up` in a copy of the working copy, with the real Pulumi engine, an
// allocator and agents that are real processes, and Chromium before the pages.
package system
