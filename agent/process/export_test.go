package process

// Drain is how long output is waited for after a command has ended.
const Drain = drain
