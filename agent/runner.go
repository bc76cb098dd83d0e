package agent

import (
	"context"
	"time"
)

// Runner runs commands as who works on the desktop.
type Runner interface {
	// Run runs a command until it ends and hands its output over, line by line. Where ctx
	// ends before, or its time is over, it is killed with all that it started. The error
	// says for people how it ended, if not well.
	Run(ctx context.Context, c Command, said func(line string)) error
}

// Command is a program with what it needs.
type Command struct {
	// Args are the program and its arguments. No shell reads them.
	Args []string
	// Env are variables, NAME=value, beside those that every session has.
	Env []string
	// Input is what it reads. Nothing of it is logged.
	Input string
	// Root runs it as root, and not as who works on the desktop.
	Root bool
	// Limit is how long it may take.
	Limit time.Duration
}
