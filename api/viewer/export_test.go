package viewer

// Fill and Script are what tests look at whether or not the viewer was built.
var (
	Fill   = View.fill
	Script = View.script
)
