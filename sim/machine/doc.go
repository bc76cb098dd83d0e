// Package machine boots the instances of a simulated account as processes of
// the machine that the simulator runs on, without root.
//
// An instance gets a folder as its root directory (LABLINK_ROOT), a metadata
// service, a way out that obeys routes and security groups, and a supervisor
// that starts what unit files say, as systemd would. Its user data runs as it
// would on AWS, the same bytes. What a process without root cannot do, creating
// a user or mounting a volume, the binaries leave out by name (LABLINK_SKIP).
// Requests to load balancers are passed on to the machines behind them.
//
// As root, and with a base system (see sim/nspawn), they boot as containers instead,
// with systemd and cloud-init of their own: there nothing is left out.
//
// It is strict where it can be: a unit directive that the supervisor does not
// know stops the unit, and a binary for another architecture does not start.
package machine
