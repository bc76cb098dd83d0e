// Package stack is what an engineer does to stacks beside `pulumi up`: an
// account's bootstrap, lifting protection, and destroying what is not protected,
// which ends with a look into AWS for what is left (Account). It runs the Pulumi engine in a working copy, and edits the files of stacks line
// by line, so that comments and order stay.
//
// Every command can be repeated: it looks at what there is and does what is
// missing.
package stack
