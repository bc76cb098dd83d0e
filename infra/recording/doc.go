// Package recording runs Pulumi code without an engine and keeps everything
// that it registers, exports and warns of, so that tests can speak about all of
// it at once. Look-ups are answered from a described AWS account, and what AWS
// would compute (ids, ARNs, addresses) is made up from names.
//
// Only tests import it.
package recording
