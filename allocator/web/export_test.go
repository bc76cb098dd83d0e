package web

// Needs is the role that each operation and page of staff needs.
var Needs = needs
