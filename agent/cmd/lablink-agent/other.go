//go:build !linux

// Command lablink-agent serves computers with Linux. Here it says so.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Fprintln(os.Stderr, refusal(runtime.GOOS))
	os.Exit(1)
}
