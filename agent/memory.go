package agent

// Memory keeps what an agent must know after it was started again, by names.
type Memory interface {
	// Recall reads what was kept under a name into a value. The error wraps fs.ErrNotExist
	// where nothing was.
	Recall(name string, into any) error
	// Keep replaces it, wholly or not at all.
	Keep(name string, what any) error
}
