package remains

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/talmolab/lablink-infrastructure/cli/stack"
)

// Left is all that there is of the environment: what carries its tags, and the
// roles and instance profiles at its path, which the tagging API does not know.
// What this lists for some time after its end is asked of EC2.
func (a *Account) Left(ctx context.Context) ([]stack.Thing, error) {
	there := map[string]string{} // names by ids
	for _, look := range []func(context.Context, map[string]string) error{a.inEC2, a.tagged, a.inIAM} {
		if err := look(ctx, there); err != nil {
			return nil, err
		}
	}
	var out []stack.Thing
	for _, id := range slices.Sorted(maps.Keys(there)) {
		out = append(out, stack.Thing{ID: id, Name: there[id]})
	}
	return out, nil
}

// tagged adds what the tagging API lists.
func (a *Account) tagged(ctx context.Context, there map[string]string) error {
	in := &resourcegroupstaggingapi.GetResourcesInput{}
	for key, value := range a.own() {
		in.TagFilters = append(in.TagFilters, tagging.TagFilter{Key: aws.String(key), Values: []string{value}})
	}
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(a.tagging, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list what carries the environment's tags: %w", err)
		}
		for _, m := range page.ResourceTagMappingList {
			if arn := aws.ToString(m.ResourceARN); !ofEC2(arn) {
				there[arn] = ""
				for _, t := range m.Tags {
					if aws.ToString(t.Key) == "Name" {
						there[arn] = aws.ToString(t.Value)
					}
				}
			}
		}
	}
	return nil
}

// ofEC2 reports whether EC2 itself is asked for what has this ARN.
func ofEC2(arn string) bool {
	kind, _, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
	return strings.HasPrefix(arn, "arn:aws:ec2:") && kinds[kind] != nil
}

// inIAM adds the roles and the instance profiles of machines.
func (a *Account) inIAM(ctx context.Context, there map[string]string) error {
	path := "/lablink/" + a.of.Deployment + "/" + a.of.Name + "/" + a.of.Region + "/"
	roles := iam.NewListRolesPaginator(a.iam, &iam.ListRolesInput{PathPrefix: &path})
	for roles.HasMorePages() {
		page, err := roles.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the roles at %s: %w", path, err)
		}
		for _, r := range page.Roles {
			there[aws.ToString(r.Arn)] = aws.ToString(r.RoleName)
		}
	}
	profiles := iam.NewListInstanceProfilesPaginator(a.iam, &iam.ListInstanceProfilesInput{PathPrefix: &path})
	for profiles.HasMorePages() {
		page, err := profiles.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the instance profiles at %s: %w", path, err)
		}
		for _, p := range page.InstanceProfiles {
			there[aws.ToString(p.Arn)] = aws.ToString(p.InstanceProfileName)
		}
	}
	return nil
}
