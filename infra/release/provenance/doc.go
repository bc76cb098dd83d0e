// Package provenance says how a published release came to be: which commit, which
// compilers, which run of which workflow. What it writes is the predicate that
// SLSA calls provenance, version 1 (https://slsa.dev/spec/v1.0/provenance), of a
// build by GitHub Actions. Signing it is not its part.
package provenance
