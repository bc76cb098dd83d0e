// Package published is releases that are made once and deployed by many: a
// folder of binaries with a list that names each by its SHA-256. Write makes
// one from a working copy; Fetch takes what a stack needs from where one was
// published, and trusts nothing but the sum of the list.
package published
