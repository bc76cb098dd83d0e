// Package live finds what has changed in a part of a page since it was last sent, so that
// a browser is sent that and not the whole.
//
// A template marks what changes for itself by Begin and End, around exactly one element
// that has the mark's id. Marks may lie within each other: a row of a table, and in it a
// cell that changes often. Diff writes the changes for htmx, as elements that are swapped
// out of band in the ways that allocator/web/source/pages.js knows.
package live
