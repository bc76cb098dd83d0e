// Package boot sets up the allocator's host at its first boot, and keeps it at
// the release that the pointer names.
//
// An update has six parts, and each has a limit (Limits); with the way back they take
// less than five minutes together, beside the download. The host fetches what the
// manifest lists, and checks every sum. It copies the databases. It rehearses: the new release is started
// beside the one that runs, as the same user and by the same command, on the copy,
// where it answers this host alone, launches nothing and asks nobody for a
// certificate. Only a release that becomes ready there gets to serve. One that exits,
// hangs, is never ready or fails its migration touches neither what serves nor its
// data. The release that runs is rehearsed on the same copy then: it must bear what the
// new one's migrations did, as other hosts run it for a while, and this one again where
// the new one is given up. Then the host switches over: link, units, restart. systemd keeps the socket,
// so a caller waits for as long as one process takes to end and the next to start. It
// watches: a process that ends, or is out of order for longer than Silence, is
// killed, and the release before serves again.
//
// The one case in which callers may wait for longer is a release that hangs as it
// starts to serve although it did not in its rehearsal: that takes Start.
//
// A release that is given up is written down with the reason (Rollout), which the
// service tells on /readyz. The pointer is never written: the same release is tried
// again when the pointer is set. An update that is interrupted says nothing of the
// release, and the next one finishes it. Nor does what is wrong with the host itself,
// as a data volume without room for a copy: that is told too, and tried again.
//
// That is kept with the data, and so is which release served last: a host that takes
// another's place starts with that one, and updates from there.
//
// What one release calls of the next is a contract between them: "units", and
// "serve --rehearse SUM", which works on the copy in RehearsalDir and writes its
// address to AddressFile there.
//
// The data volume is formatted only when it is blank: blkid finds nothing on it,
// and it begins with zeros.
package boot
