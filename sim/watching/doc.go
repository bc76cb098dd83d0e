// Package watching looks at a deployment while things happen to it, as somebody does who
// is at their desktop, and says for how long they saw nothing. Tests alone use it.
//
// What other tests take of the computer meanwhile is no fault of what is watched: Stalls
// measures that beside it.
package watching
