package stack

import (
	"context"
	"fmt"
	"strings"
)

// Environment is whose things are meant, in AWS.
type Environment struct {
	Region, Deployment string
	Name               string // the stack's
}

// Account is what there is of one environment in AWS, by its tags.
type Account interface {
	// Number is which AWS account it is.
	Number(ctx context.Context) (string, error)
	// EndMachines ends the machines that the allocator launched, and returns those
	// that have not ended yet. Called again it ends what was launched since.
	EndMachines(ctx context.Context) (ending []string, err error)
	// Left is everything that there is.
	Left(ctx context.Context) ([]Thing, error)
}

// Thing is something in AWS.
type Thing struct {
	ID   string // its ARN, or the end of it
	Name string // the tag; empty where there is none
}

// String is the thing for people.
func (t Thing) String() string {
	if t.Name == "" {
		return t.ID
	}
	return fmt.Sprintf("%s (%s)", t.ID, t.Name)
}

// is reports whether the thing is a resource of the stack.
func (t Thing) is(r resource) bool {
	arn, _ := r.Outputs["arn"].(string)
	return t.ID == arn || strings.HasSuffix(t.ID, "/"+r.ID)
}

// lasting is what outlives a stack on purpose: where it stands in an ARN, and why.
var lasting = []struct{ arn, why string }{
	{":snapshot/", "a snapshot of the data"},
	{":snapshot:", "the last snapshot of the database"},
	{":image/", "an image that a pipeline built"},
	{":imagebuilder:", "what images were built from"},
	{":kms:", "a key, which AWS deletes when its waiting time is over"},
}

// stays says why a thing outlives its stack on purpose, or "".
func (t Thing) stays() string {
	for _, l := range lasting {
		if strings.Contains(t.ID, l.arn) {
			return l.why
		}
	}
	return ""
}
