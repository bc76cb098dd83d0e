package pgtest

import (
	"context"
	"fmt"
	"os"
)

// RequirePassword gives the user this password, and asks for it from now on. Tests
// use databases that they have made before.
func (s *Server) RequirePassword(ctx context.Context, password string) error {
	if err := s.admin(ctx, fmt.Sprintf("ALTER USER %s PASSWORD '%s'", User, password)); err != nil {
		return err
	}
	// The programs that look after the server are let in still.
	rules := "local postgres all trust\nlocal all all scram-sha-256\n"
	if err := os.WriteFile(s.path("data/pg_hba.conf"), []byte(rules), 0o600); err != nil {
		return fmt.Errorf("ask for passwords: %w", err)
	}
	if err := s.Halt(ctx); err != nil {
		return err
	}
	return s.Restart(ctx)
}
