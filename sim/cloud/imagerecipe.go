package cloud

import (
	"cmp"
	"strings"
	"time"
)

// ImageRecipe is aws:imagebuilder/imageRecipe:ImageRecipe.
type ImageRecipe struct {
	ID                  string               `json:"id"` // its ARN
	Name                string               `json:"name"`
	Version             string               `json:"version"`
	ParentImage         string               `json:"parentImage"`
	Description         string               `json:"description,omitempty"`
	Components          []RecipeComponent    `json:"components"`
	BlockDeviceMappings []BlockDeviceMapping `json:"blockDeviceMappings,omitempty"`
	Tagged
	imageRecipeComputed
}

// RecipeComponent names a version of a component.
type RecipeComponent struct {
	ComponentARN string `json:"componentArn"`
}

type imageRecipeComputed struct {
	ARN         string `json:"arn"`
	DateCreated string `json:"dateCreated"`
	Owner       string `json:"owner"`
	Platform    string `json:"platform"`
}

// CreateImageRecipe makes one version of a recipe, which never changes.
func (a *Account) CreateImageRecipe(r *ImageRecipe) error {
	return a.change(func(m *model) error {
		if err := a.checkImageRecipe(m, r); err != nil {
			return err
		}
		r.ID = a.builderARN("image-recipe", r.Name, "/"+r.Version)
		r.imageRecipeComputed = imageRecipeComputed{ARN: r.ID, DateCreated: a.now().Format(time.RFC3339), Owner: a.opts.AccountID, Platform: "Linux"}
		return builderKeep(m, imageRecipes, "ImageRecipe", r.ID, r)
	})
}

func (a *Account) checkImageRecipe(m *model, r *ImageRecipe) error {
	if err := checkBuilderName(r.Name); err != nil {
		return err
	}
	if err := checkBuilderVersion(r.Version); err != nil {
		return err
	}
	if !strings.HasPrefix(r.ParentImage, "ami-") {
		return refuse("InvalidParameterValueException", "The simulator models parent images by their id, not %q", r.ParentImage)
	}
	parent, err := a.image(m, r.ParentImage)
	if err != nil {
		return err
	}
	if len(r.Components) == 0 {
		return refuse("InvalidParameterValueException", "The value supplied for parameter 'components' is not valid.")
	}
	for _, c := range r.Components {
		if _, err := imageComponents.get(m, c.ComponentARN); err != nil {
			return err
		}
	}
	if len(r.BlockDeviceMappings) > 1 {
		return refuse("InvalidParameterValueException", "The simulator models the root volume of an image only")
	}
	for _, b := range r.BlockDeviceMappings {
		if b.DeviceName != rootDevice || b.EBS == nil {
			return refuse("InvalidParameterValueException", "The simulator models the root volume %s only, not %s", rootDevice, b.DeviceName)
		}
		if err := checkFlags(b.EBS.Encrypted, b.EBS.DeleteOnTermination); err != nil {
			return err
		}
		if size := b.EBS.VolumeSize; size != 0 && size < parent.RootGiB {
			return refuse("InvalidParameterValueException", "Volume of size %dGB is smaller than snapshot, expect size >= %dGB", size, parent.RootGiB)
		}
	}
	return r.settle()
}

// rootGiB is how large the root volume of what is built is.
func (r *ImageRecipe) rootGiB(parent Image) int {
	if len(r.BlockDeviceMappings) == 0 {
		return parent.RootGiB
	}
	return cmp.Or(r.BlockDeviceMappings[0].EBS.VolumeSize, parent.RootGiB)
}

// ImageRecipe returns one version by its ARN.
func (a *Account) ImageRecipe(arn string) (*ImageRecipe, error) { return imageRecipes.lookup(a, arn) }

// UpdateImageRecipe changes tags only.
func (a *Account) UpdateImageRecipe(arn string, r *ImageRecipe) error {
	return imageRecipes.update(a, arn, r, func(_ *model, cur *ImageRecipe) error {
		tags := r.Tagged
		*r = *cur
		r.Tagged = tags
		return r.settle()
	})
}

// DeleteImageRecipe removes a version that no pipeline uses and of which there
// is no image.
func (a *Account) DeleteImageRecipe(arn string) error {
	return imageRecipes.remove(a, arn, func(m *model, _ *ImageRecipe) error {
		return m.builderFree(arn, func(p *ImagePipeline) bool { return p.ImageRecipeARN == arn }, func(b *ImageBuild) bool { return b.Recipe == arn })
	})
}

// builderFree refuses while a pipeline or an image uses something.
func (m *model) builderFree(arn string, pipeline func(*ImagePipeline) bool, build func(*ImageBuild) bool) error {
	for _, p := range m.ImagePipelines {
		if pipeline(p) {
			return builderInUse(arn)
		}
	}
	for _, b := range m.ImageBuilds {
		if build(b) {
			return builderInUse(arn)
		}
	}
	return nil
}
