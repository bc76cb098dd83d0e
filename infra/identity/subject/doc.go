// Package subject knows how GitHub names the runs of workflows, and which of them
// each role of an environment is for. It declares nothing, so that who looks after
// roles can read it, too.
package subject
