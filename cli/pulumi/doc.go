// Package pulumi is cli's adapter for the Pulumi CLI.
package pulumi
