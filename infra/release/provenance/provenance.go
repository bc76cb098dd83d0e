package provenance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	attestation "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// buildType is GitHub's: what was given to a run, and what the run was.
const buildType = "https://actions.github.io/buildtypes/workflow/v1"

// Run is a run of a workflow at GitHub, as the run's own environment tells it.
type Run struct {
	Server     string // https://github.com
	Repository string // owner/name
	Ref        string // refs/tags/v1.2.0
	Commit     string // the commit's SHA-1
	Workflow   string // owner/name/.github/workflows/release.yml@refs/tags/v1.2.0
	ID         string
	Attempt    string
}

// FromEnvironment reads the run from the variables that GitHub sets. It fails where
// one of them is missing: outside a run nothing can be said of it.
func FromEnvironment(lookup func(string) (string, bool)) (Run, error) {
	var r Run
	var missing []string
	for name, into := range map[string]*string{
		"GITHUB_SERVER_URL": &r.Server, "GITHUB_REPOSITORY": &r.Repository, "GITHUB_REF": &r.Ref, "GITHUB_SHA": &r.Commit,
		"GITHUB_WORKFLOW_REF": &r.Workflow, "GITHUB_RUN_ID": &r.ID, "GITHUB_RUN_ATTEMPT": &r.Attempt,
	} {
		if *into, _ = lookup(name); *into == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return r, fmt.Errorf("this is no run of a workflow at GitHub, which has %s: provenance is written there", strings.Join(slices.Sorted(slices.Values(missing)), ", "))
	}
	return r, nil
}

// Predicate is the provenance of what the run built with these compilers, as JSON.
func (r Run) Predicate(compilers release.Toolchain) ([]byte, error) {
	path, ok := strings.CutPrefix(r.Workflow, r.Repository+"/")
	path, ref, _ := strings.Cut(path, "@")
	if !ok || ref == "" {
		return nil, fmt.Errorf("%q is no workflow of %s", r.Workflow, r.Repository)
	}
	repository := r.Server + "/" + r.Repository
	external, err := structpb.NewStruct(map[string]any{"workflow": map[string]any{"repository": repository, "ref": ref, "path": path}})
	if err != nil {
		return nil, err
	}
	internal, err := structpb.NewStruct(map[string]any{"toolchain": map[string]any{"go": compilers.Go, "cc": compilers.CC}})
	if err != nil {
		return nil, err
	}
	p := &slsa.Provenance{
		BuildDefinition: &slsa.BuildDefinition{
			BuildType: buildType, ExternalParameters: external, InternalParameters: internal,
			ResolvedDependencies: []*attestation.ResourceDescriptor{{Uri: "git+" + repository + "@" + r.Ref, Digest: map[string]string{"gitCommit": r.Commit}}},
		},
		RunDetails: &slsa.RunDetails{
			Builder:  &slsa.Builder{Id: r.Server + "/" + r.Workflow},
			Metadata: &slsa.BuildMetadata{InvocationId: fmt.Sprintf("%s/actions/runs/%s/attempts/%s", repository, r.ID, r.Attempt)},
		},
	}
	if err := p.Validate(); err != nil {
		return nil, errors.Join(errors.New("this is no provenance"), err)
	}
	return protojson.Marshal(p)
}
