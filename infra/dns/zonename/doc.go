// Package zonename knows which zones may hold a name. It declares nothing, so that
// who only looks for a zone can read it, too.
package zonename
