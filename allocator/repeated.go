package allocator

import (
	"context"
	"errors"
	"time"
)

// ErrUnsure is of the store, for a change of which it cannot say whether it happened.
var ErrUnsure = errors.New("the commit may have happened")

// Answered is a request that may be sent again, and what it was answered.
type Answered struct {
	Key     [32]byte // the sum of who sent it and of the key that it was sent with
	Request [32]byte // the sum of the request
	At      time.Time
	// Status is 0 until there is an answer.
	Status int
	Answer []byte // sealed: the store's readers do not learn it
}

// Answers keeps what requests were answered that may be sent again.
type Answers interface {
	// BeginAnswer keeps that a request is carried out. Where one with its key is kept already, that is returned, and begun is false.
	BeginAnswer(ctx context.Context, a Answered) (was Answered, begun bool, err error)
	// KeepAnswer keeps the answer.
	KeepAnswer(ctx context.Context, key [32]byte, status int, answer []byte) error
	// DropAnswer forgets a request that changed nothing.
	DropAnswer(ctx context.Context, key [32]byte) error
}
