// Package lookup says why AWS did not answer a look-up: pulumi-aws hands on what
// AWS said as text, and what there is not is an error, too.
package lookup
