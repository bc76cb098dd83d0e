// Package database declares what keeps an environment's data. With SQLite, which
// is a file on the host's data volume, that is a policy that takes snapshots of
// the volume; with PostgreSQL an RDS instance, which keeps backups itself and
// whose password AWS makes, keeps and rotates.
package database
