package boot

import "os"

// WriteNote writes what the agent tells root, in the folder of its state, as a whole: root may
// read it at any moment, and would take half of it for all, or take it away.
func WriteNote(path, text string) error {
	next := path + ".new"
	if err := os.WriteFile(next, []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
