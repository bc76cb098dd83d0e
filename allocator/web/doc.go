// Package web is how people and programs reach the allocator over HTTP: the
// JSON API under /api/v1, described by the OpenAPI document it serves, and the
// pages. It turns requests into calls of allocator.Service and errors of the
// domain into answers; it decides nothing itself.
//
// A page is a template, one for each language, with these functions of its own besides
// those in pages.go: {{t "seat.leave"}} says a message of the catalogue in words/en.toml,
// with arguments by name ({{t "seat.queue" "Position" .Position}}); {{asset "pages.css"}} is
// where a file is; {{live "room" "/admin/…/live" .}} is an element with this id that holds
// the template of this name and is kept up to date by the stream at that address, which
// server.live serves. In it, {{part "m1"}}<tr id="m1">…</tr>{{done}} is sent for itself
// when it has changed (package live). Of all who have the same part open one looks, so what
// stands in it depends on nothing of who looks but what lookKey holds: the address, the
// role and the language.
//
// What browsers run is in source, and is made into built by infra/release/build.
package web
