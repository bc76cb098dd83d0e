package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/api"
)

// How a command ends. Scripts use these, so that none changes its meaning.
const (
	exitDone      = 0
	exitWrong     = 1 // it did not go as wanted; of verify, drift and doctor: something is wrong
	exitUnknown   = 2 // of verify, drift and doctor: it cannot be told
	exitUsage     = 2 // what was asked for is not right
	exitForbidden = 3
	exitNotFound  = 4
	exitConflict  = 5
	exitNoRoom    = 6
	exitTooOften  = 7
	exitAway      = 8

	exitInterrupted = 130 // as shells say it of whoever Ctrl-C ended
)

// Exit is a way to end, and what it means.
type Exit struct {
	Code    int
	Meaning string
}

// Exits are all ways to end. docs/cli.md has the same.
var Exits = []Exit{
	{exitDone, "it is done, or all is as it should be"},
	{exitWrong, "it did not go as wanted, or an error that is none of those below; of `verify`, `drift` and `doctor`: something is wrong"},
	{exitUsage, "what was asked for is not right: a flag, a value, no address; of `verify`, `drift` and `doctor`: it cannot be told"},
	{exitForbidden, "nobody is logged in, or the role does not do"},
	{exitNotFound, "there is no such thing"},
	{exitConflict, "it does not fit how things are: ended already, or somebody else was first"},
	{exitNoRoom, "AWS has no such machines at the moment, or the account's quota is used up"},
	{exitTooOften, "asked too often: wait, and try again"},
	{exitAway, "the allocator does not answer, or is not ready"},
	{exitInterrupted, "it was interrupted (Ctrl-C)"},
}

// exitCodes say to scripts what kind of refusal it was; anything else is 1.
var exitCodes = map[api.Code]int{
	api.Invalid: exitUsage, api.Unauthorized: exitForbidden, api.Forbidden: exitForbidden, api.NotFound: exitNotFound, api.Conflict: exitConflict,
	api.Capacity: exitNoRoom, api.Quota: exitNoRoom, api.RateLimited: exitTooOften, api.Unavailable: exitAway,
}

// exit is an error with a way to end of its own.
type exit struct {
	error
	code int
}

// Unwrap is what went wrong.
func (e exit) Unwrap() error { return e.error }

// Misused is an error of somebody who typed what there is not.
func Misused(err error) error {
	return exit{fmt.Errorf("%w. lablink --help lists the commands, lablink COMMAND --help what one takes", err), exitUsage}
}

// ExitCode is how to end after err.
func ExitCode(err error) int {
	var e exit
	var away *url.Error
	switch code, coded := exitCodes[api.CodeOf(err)]; {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.code
	case coded:
		return code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &away):
		return exitAway
	}
	return exitWrong
}
