package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

// What is acknowledged is on the disk here.
func BenchmarkClaims(b *testing.B) {
	server, err := pgtest.Start(b.Context(), pgtest.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, server.Stop()) })
	require.NoError(b, server.Prepare(b.Context()))
	storetest.BenchmarkClaims(b, func(t testing.TB) allocator.Store { return open(t, server.Database(t)) })
}
