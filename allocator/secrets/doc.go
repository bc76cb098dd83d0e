// Package secrets reads what the stack keeps for the allocator in SSM, and what RDS
// keeps in Secrets Manager.
package secrets
