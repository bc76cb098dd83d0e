// Package viewer is the page that shows a desktop: noVNC, with a bar above it and words
// on what is going on. An agent serves it to its participant, the allocator to staff who
// watch: what staff's browsers run never comes from a machine. Its English is here, and other
// languages are those of the allocator, which tells an agent what to say.
//
// Its script is made of the sources in source and of the npm package that source pins,
// whenever a release is built (infra/release/build), and is not committed: it lies in
// built. A program that was built without it says so where the desktop would be.
package viewer
