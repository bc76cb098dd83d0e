// Package control is how the launcher and tests speak to a running simulator,
// beside the AWS API that it serves.
package control
