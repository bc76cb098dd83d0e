package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Setting is what a setting is on a connection that changes data.
func Setting(t *testing.T, c Config, name string) string {
	t.Helper()
	db, err := c.open(1, limits)
	require.NoError(t, err)
	defer db.Close()
	var value string
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT current_setting($1)", name).Scan(&value))
	return value
}
