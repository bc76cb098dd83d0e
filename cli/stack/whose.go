package stack

import (
	"context"
	"fmt"
	"strings"
)

// The tags that say whose something is. The program that deploys has the same
// (infra/naming).
const (
	tagDeployment  = "lablink:deployment"
	tagEnvironment = "lablink:environment"
	// shared is the environment of what several of them use.
	shared = "shared"
)

// refuseOthers refuses a state with things of others than those that the settings
// name: these would be looked for, and others destroyed.
func (e Environment) refuseOthers(before []resource) error {
	for _, r := range before {
		if r.External { // only looked at
			continue
		}
		region, _ := r.place()
		environment := r.tag(tagEnvironment)
		if environment == shared {
			environment = ""
		}
		for _, c := range []struct{ what, state, settings string }{
			{"the deployment", r.tag(tagDeployment), e.Deployment},
			{"the environment", environment, e.Name},
			{"the Region", region, e.Region},
		} {
			if c.state != "" && c.state != c.settings {
				return fmt.Errorf("%s of %s in the state is %q, and the stack and its settings say %q: see that --stack, --config-file and the backend are the right ones; "+
					"if that was changed and not deployed since, run pulumi up first, or take the change back", c.what, r, c.state, c.settings)
			}
		}
	}
	return nil
}

// refuseOtherAccounts refuses a state with things of another account than the one
// that would be looked into.
func refuseOtherAccounts(ctx context.Context, a Account, before []resource) error {
	here, err := a.Number(ctx)
	if err != nil {
		return err
	}
	for _, r := range before {
		if _, account := r.place(); !r.External && account != "" && account != here {
			return fmt.Errorf("%s in the state is of the AWS account %s, and these credentials are of %s: take those of %s, for example by AWS_PROFILE, which lablink goes by and not by aws:profile", r, account, here, account)
		}
	}
	return nil
}

// tag is a tag of the resource, or "".
func (r resource) tag(key string) string {
	for _, name := range []string{"tagsAll", "tags"} {
		tags, _ := r.Outputs[name].(map[string]any)
		if value, ok := tags[key].(string); ok {
			return value
		}
	}
	return ""
}

// place is the Region and the account in the resource's ARN, each "" where that does
// not say.
func (r resource) place() (region, account string) {
	arn, _ := r.Outputs["arn"].(string)
	parts := strings.SplitN(arn, ":", 6) // arn:partition:service:region:account:resource
	if len(parts) < 6 {
		return "", ""
	}
	return parts[3], parts[4]
}
