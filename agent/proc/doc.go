// Package proc reads what Linux tells of the machine and of the programs that run on it.
package proc
