package cloud

import "time"

// ImagePipeline is aws:imagebuilder/imagePipeline:ImagePipeline, started by hand.
type ImagePipeline struct {
	ID                             string      `json:"id"` // its ARN
	Name                           string      `json:"name"`
	Description                    string      `json:"description,omitempty"`
	ImageRecipeARN                 string      `json:"imageRecipeArn"`
	InfrastructureConfigurationARN string      `json:"infrastructureConfigurationArn"`
	DistributionConfigurationARN   string      `json:"distributionConfigurationArn,omitempty"`
	EnhancedImageMetadataEnabled   *bool       `json:"enhancedImageMetadataEnabled,omitempty"`
	ImageTestsConfiguration        *ImageTests `json:"imageTestsConfiguration,omitempty"`
	Tagged
	imagePipelineComputed
}

// ImageTests says whether what is built is tested.
type ImageTests struct {
	ImageTestsEnabled *bool `json:"imageTestsEnabled,omitempty"`
	TimeoutMinutes    int   `json:"timeoutMinutes,omitempty"`
}

type imagePipelineComputed struct {
	ARN         string `json:"arn"`
	DateCreated string `json:"dateCreated"`
	DateUpdated string `json:"dateUpdated,omitempty"`
	DateLastRun string `json:"dateLastRun,omitempty"`
	Platform    string `json:"platform"`
	Status      string `json:"status"`
}

// CreateImagePipeline makes a pipeline, which builds nothing yet; its name must
// be free.
func (a *Account) CreateImagePipeline(p *ImagePipeline) error {
	return a.change(func(m *model) error {
		if err := p.check(m); err != nil {
			return err
		}
		p.ID = a.builderARN("image-pipeline", p.Name, "")
		p.imagePipelineComputed = imagePipelineComputed{ARN: p.ID, DateCreated: a.now().Format(time.RFC3339), Platform: "Linux", Status: "ENABLED"}
		return builderKeep(m, imagePipelines, "ImagePipeline", p.ID, p)
	})
}

func (p *ImagePipeline) check(m *model) error {
	if err := checkBuilderName(p.Name); err != nil {
		return err
	}
	if _, err := imageRecipes.get(m, p.ImageRecipeARN); err != nil {
		return err
	}
	if _, err := imageInfrastructures.get(m, p.InfrastructureConfigurationARN); err != nil {
		return err
	}
	if _, err := imageDistributions.get(m, p.DistributionConfigurationARN); err != nil {
		return err // AWS has one of its own; the simulator does not
	}
	if t := p.ImageTestsConfiguration; t != nil && t.TimeoutMinutes != 0 && (t.TimeoutMinutes < 60 || t.TimeoutMinutes > 1440) {
		return refuse("InvalidParameterValueException", "The value supplied for parameter 'imageTestsConfiguration.timeoutMinutes' is not valid: it is between 60 and 1440")
	}
	return p.settle()
}

// ImagePipeline returns one pipeline by its ARN.
func (a *Account) ImagePipeline(arn string) (*ImagePipeline, error) {
	return imagePipelines.lookup(a, arn)
}

// UpdateImagePipeline changes everything but the name.
func (a *Account) UpdateImagePipeline(arn string, p *ImagePipeline) error {
	return imagePipelines.update(a, arn, p, func(m *model, cur *ImagePipeline) error {
		p.ID, p.Name, p.imagePipelineComputed = arn, cur.Name, cur.imagePipelineComputed
		p.DateUpdated = a.now().Format(time.RFC3339)
		return p.check(m)
	})
}

// DeleteImagePipeline removes a pipeline. What it built stays.
func (a *Account) DeleteImagePipeline(arn string) error { return imagePipelines.remove(a, arn, nil) }
