package certificate

import (
	"context"

	"github.com/mholt/acmez/v3/acme"
)

// Records is a zone of DNS in which one record can be kept.
type Records interface {
	// SetTXT makes value the only value of a TXT record, and waits until all of the
	// zone's servers answer it.
	SetTXT(ctx context.Context, name, value string) error
	// RemoveTXT removes the record that SetTXT made.
	RemoveTXT(ctx context.Context, name, value string) error
}

// challengeName is the name of the record that proves who has a domain.
func challengeName(domain string) string { return "_acme-challenge." + domain }

// recordError is a record that was not changed.
type recordError struct{ error }

func (e *recordError) Unwrap() error { return e.error }

// solver answers DNS-01.
type solver struct{ records Records }

func (s solver) Present(ctx context.Context, c acme.Challenge) error {
	if err := s.records.SetTXT(ctx, challengeName(c.Identifier.Value), c.DNS01KeyAuthorization()); err != nil {
		return &recordError{err}
	}
	return nil
}

func (s solver) CleanUp(ctx context.Context, c acme.Challenge) error {
	return s.records.RemoveTXT(ctx, challengeName(c.Identifier.Value), c.DNS01KeyAuthorization())
}
