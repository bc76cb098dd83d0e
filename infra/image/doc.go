// Package image finds the machine image that a machine starts from: by its id,
// by an SSM parameter that its publisher keeps, or as the newest that a pipeline
// has built. It checks that the image fits the instance type before anything is
// declared. It also declares the pipelines, which an account has once.
package image
