// Package doctor says what keeps a machine from serving: what it lacks, and whether it
// reaches its allocator. It changes nothing but a file that it makes and removes.
package doctor
