// Package storetest holds every allocator.Store to the same behaviour. A store's
// own tests call Run with a function that opens an empty store.
package storetest
