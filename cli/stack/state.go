package stack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// resource is one resource of a stack's state, as far as it matters here.
type resource struct {
	URN, Type, ID string
	Custom        bool
	External      bool // read only, and somebody else's
	// Protect refuses deletion. RetainOnDelete takes it from the state and leaves it
	// in AWS.
	Protect, RetainOnDelete bool
	Inputs, Outputs         map[string]any
}

// name is the last part of the URN.
func (r resource) name() string { return r.URN[strings.LastIndex(r.URN, "::")+2:] }

// real reports whether the resource is something in the account, and not a
// component or a provider.
func (r resource) real() bool { return r.Custom && !strings.HasPrefix(r.Type, "pulumi:") }

// bucket is the bucket that an object is in, or "" for what is no object.
func (r resource) bucket() string {
	if !strings.HasPrefix(r.Type, "aws:s3/bucketObject") {
		return ""
	}
	name, _ := r.Inputs["bucket"].(string)
	return name
}

// String is the resource for people.
func (r resource) String() string { return fmt.Sprintf("%s (%s, %s)", r.name(), r.Type, r.ID) }

// resources are what a stack's state holds of things in the account.
func (w *Workspace) resources(ctx context.Context, name string) ([]resource, error) {
	raw, err := w.output(ctx, backend{}, "stack", "export", "--stack", name)
	if err != nil {
		return nil, err
	}
	return readResources(raw)
}

func readResources(raw []byte) ([]resource, error) {
	var state struct {
		Deployment struct{ Resources []resource }
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	return slices.DeleteFunc(state.Deployment.Resources, func(r resource) bool { return !r.real() }), nil
}

// settle turns a state's pending creations into resources whose id follows from
// what was asked for, and forgets the others. A refresh then drops what was never
// made. It returns the state, and what was forgotten.
func settle(raw []byte, account string) (settled []byte, pending int, forgotten []string, err error) {
	var state map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&state); err != nil {
		return nil, 0, nil, fmt.Errorf("read the state: %w", err)
	}
	deployment, _ := state["deployment"].(map[string]any)
	operations, _ := deployment["pending_operations"].([]any)
	resources, _ := deployment["resources"].([]any)
	for _, o := range operations {
		operation, _ := o.(map[string]any)
		made, _ := operation["resource"].(map[string]any)
		if operation["type"] != "creating" || made == nil {
			continue // the state holds the resources of all others
		}
		pending++
		if id := idOf(made, account); id != "" {
			made["id"] = id
			resources = append(resources, made)
		} else {
			forgotten = append(forgotten, fmt.Sprint(made["urn"]))
		}
	}
	if pending == 0 {
		return nil, 0, nil, nil
	}
	delete(deployment, "pending_operations")
	deployment["resources"] = resources
	settled, err = json.Marshal(state)
	return settled, pending, forgotten, err
}

// idOf is the id that AWS gives to what was asked for, or "" where that cannot be
// said: a key's is made up by AWS.
func idOf(r map[string]any, account string) string {
	in, _ := r["inputs"].(map[string]any)
	text := func(key string) string { s, _ := in[key].(string); return s }
	kind, _ := r["type"].(string)
	switch {
	case strings.HasPrefix(kind, "aws:s3/bucket"):
		return text("bucket")
	case kind == "aws:kms/alias:Alias", kind == "aws:iam/role:Role", kind == "aws:iam/instanceProfile:InstanceProfile":
		return text("name")
	case kind == "aws:iam/rolePolicy:RolePolicy":
		return text("role") + ":" + text("name")
	case kind == "aws:budgets/budget:Budget":
		return account + ":" + text("name")
	case kind == "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
		return "arn:aws:iam::" + account + ":oidc-provider/" + strings.TrimPrefix(text("url"), "https://")
	case kind == "aws:iam/policy:Policy":
		return "arn:aws:iam::" + account + ":policy" + cmp.Or(text("path"), "/") + text("name")
	}
	return ""
}
