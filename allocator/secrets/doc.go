// Package secrets reads what the stack keeps for the allocator in SSM.
package secrets
