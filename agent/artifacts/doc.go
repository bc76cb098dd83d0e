// Package artifacts reads the artifact bucket with the machine's own role.
package artifacts
