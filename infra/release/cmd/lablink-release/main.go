// Command lablink-release builds what is published of a version, into
// .lablink/release.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/infra/release/published"
)

func main() {
	version := flag.String("version", "", "what it is called, vX.Y.Z")
	dir := flag.String("dir", ".lablink/release", "where it is written; what is there goes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	sum, err := published.Write(ctx, ".", *version, *dir, published.Platforms, published.Platforms)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lablink-release:", err)
		os.Exit(1)
	}
	fmt.Printf("%s is in %s. Stacks deploy it with\n  lablink:allocator: {version: %s, releaseSha256: %s}\n", *version, *dir, *version, sum)
}
