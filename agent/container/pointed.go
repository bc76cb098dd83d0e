package container

// pointed is what is pointed as KasmVNC reads it: with two bytes for the buttons, and with
// how far two wheels were turned, which is not at all, as LabLink's viewer tells it by
// buttons.
func pointed(p []byte) []byte {
	return []byte{p[0], 0, p[1], p[2], p[3], p[4], p[5], 0, 0, 0, 0}
}
