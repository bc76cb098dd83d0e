package system

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// BenchmarkPreview compares a preview of prod in which nothing changes with that
// of a program that declares nothing, by the same engine, taken in turns.
func BenchmarkPreview(b *testing.B) {
	e := start(b)
	account, prod := e.stack(b, "account"), e.stack(b, "prod")
	e.must(b, account, "up", "--yes", "--skip-preview", "--suppress-outputs")
	e.must(b, prod, "up", "--yes", "--skip-preview", "--suppress-outputs")
	dir := e.emptyProgram(b)
	empty := launcher.Stack{Name: "empty"}
	args := []string{"preview", "--suppress-outputs", "--expect-no-changes"}
	nothing := func() error { return e.RunIn(b.Context(), dir, append(args, "--stack", empty.Name)...) }
	require.NoError(b, e.RunIn(b.Context(), dir, "stack", "init", empty.Name))
	require.NoError(b, e.RunIn(b.Context(), dir, "up", "--yes", "--skip-preview", "--stack", empty.Name), e.said)
	timed := func(f func() error) time.Duration {
		begin := time.Now()
		require.NoError(b, f(), e.said)
		return time.Since(begin)
	}
	var took, ratios []float64
	for range 7 {
		empty := timed(nothing)
		of := timed(func() error {
			_, err := e.run(b, prod, args...)
			return err
		})
		took, ratios = append(took, of.Seconds()), append(ratios, of.Seconds()/empty.Seconds())
	}
	b.ReportMetric(median(took), "preview:s")
	b.ReportMetric(median(ratios), "preview_ratio:ratio")
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// emptyProgram is a Pulumi program of this module that declares nothing.
func (e *engine) emptyProgram(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(e.root, "empty")
	require.NoError(tb, os.MkdirAll(dir, 0o755))
	for name, text := range map[string]string{
		"Pulumi.yaml": "name: empty\nruntime: go\n",
		"main.go": "package main\n\nimport \"github.com/pulumi/pulumi/sdk/v3/go/pulumi\"\n\n" +
			"func main() { pulumi.Run(func(*pulumi.Context) error { return nil }) }\n",
	} {
		require.NoError(tb, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// BenchmarkUp is what `make up` takes once everything is compiled.
func BenchmarkUp(b *testing.B) {
	w, err := launcher.Find(lease(b), b.Output())
	require.NoError(b, err)
	w.Door = freeAddress(b)
	require.NoError(b, w.Check(b.Context()))
	require.NoError(b, w.Build(b.Context()))
	b.Cleanup(func() { require.NoError(b, w.Down(context.WithoutCancel(b.Context()), true)) })
	begin := time.Now()
	require.NoError(b, w.Up(b.Context()))
	b.ReportMetric(time.Since(begin).Seconds(), "up_after_build:s")
}
