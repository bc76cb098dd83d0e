package identity

import (
	"github.com/talmolab/lablink-infrastructure/infra/identity/subject"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// EndToEnd ends the name of the stack that end-to-end tests deploy, and of the
// GitHub environment that they run in.
const EndToEnd = subject.EndToEnd

// target is what a role deploys.
type target struct {
	namer   naming.Namer
	record  Record
	network Network
	images  []string
}

// own is the environment that the roles are part of.
func (args *IdentityArgs) own() target {
	return target{args.Namer, args.Record, args.Network, args.Images}
}

// endToEnd is an environment beside it that comes and goes: of its own names and
// tags, and without a record.
func (args *IdentityArgs) endToEnd() target {
	of := args.own()
	of.namer.Environment += EndToEnd
	of.record = Record{}
	return of
}
