// Package laptop is doctor's adapter for the computer that it runs on.
package laptop
