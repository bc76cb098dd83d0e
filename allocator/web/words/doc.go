// Package words is the catalogue of what the pages say: one file for each language,
// en.toml the one that is complete. A message is HTML, and may hold marks of emphasis;
// what is put into it is escaped, unless it is HTML itself.
package words
