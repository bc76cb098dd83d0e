// Package web is how people and programs reach the allocator over HTTP: the
// JSON API under /api/v1, described by the OpenAPI document it serves, and the
// pages. It turns requests into calls of allocator.Service and errors of the
// domain into answers; it decides nothing itself.
package web
