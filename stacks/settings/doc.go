// Package settings reads a stack's configuration into one typed value. It
// applies defaults, checks everything and reports all problems at once: the key,
// what is wrong with it and how to mend it. Nothing is deployed before that.
package settings
