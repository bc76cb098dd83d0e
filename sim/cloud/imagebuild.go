package cloud

import (
	"fmt"
	"strings"
	"time"
)

// ImageBuild is an image of Image Builder's: what it was built from cannot be
// deleted before it.
type ImageBuild struct {
	ARN, Recipe, Infrastructure, Distribution string
	AMI                                       string
}

// BuildImage is the end of a run of a pipeline, named by its name or ARN: the
// image was built, tested and distributed. Nothing runs for it.
func (a *Account) BuildImage(pipeline string) (Image, error) {
	var out Image
	err := a.change(func(m *model) error {
		p := m.ImagePipelines[pipeline]
		if p == nil {
			p = m.ImagePipelines[a.builderARN("image-pipeline", pipeline, "")]
		}
		if p == nil {
			return refuse("ResourceNotFoundException", "There is no image pipeline %q.", pipeline)
		}
		if m.defaultVPC() == nil { // the infrastructure names no subnet
			return refuse("VPCIdNotSpecified", "No default VPC for this user")
		}
		r, d := m.ImageRecipes[p.ImageRecipeARN], m.ImageDistributions[p.DistributionConfigurationARN]
		parent, err := a.image(m, r.ParentImage)
		if err != nil {
			return err
		}
		out = Image{
			ID: newID("ami"), Name: d.amiName(a.now()), Architecture: parent.Architecture, OwnerID: a.opts.AccountID,
			CreationDate: a.now().UTC().Format("2006-01-02T15:04:05.000Z"), RootGiB: r.rootGiB(parent),
			Tags: d.Distributions[0].AMIDistributionConfiguration.AMITags,
		}
		for _, other := range m.BuiltImages {
			if other.Name == out.Name {
				return refuse("InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", out.Name, other.ID)
			}
		}
		arn := strings.Replace(r.ARN, ":image-recipe/", ":image/", 1) + fmt.Sprintf("/%d", len(m.ImageBuilds)+1)
		m.BuiltImages.keep(out.ID, &out)
		m.ImageBuilds.keep(arn, &ImageBuild{ARN: arn, Recipe: r.ARN, Infrastructure: p.InfrastructureConfigurationARN, Distribution: d.ARN, AMI: out.ID})
		p.DateLastRun = a.now().Format(time.RFC3339)
		return nil
	})
	return out, err
}

// buildDate is how Image Builder writes the moment of a build.
func buildDate(at time.Time) string {
	return strings.ReplaceAll(at.UTC().Format("2006-01-02T15-04-05.000Z"), ".", "-")
}
