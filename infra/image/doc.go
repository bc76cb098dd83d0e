// Package image finds the machine image that a machine starts from: by its id,
// or by an SSM parameter that its publisher keeps. It checks that the image fits
// the instance type before anything is declared.
package image
