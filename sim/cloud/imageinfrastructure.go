package cloud

import "time"

// ImageInfrastructure is
// aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration.
type ImageInfrastructure struct {
	ID                         string                `json:"id"` // its ARN
	Name                       string                `json:"name"`
	Description                string                `json:"description,omitempty"`
	InstanceProfileName        string                `json:"instanceProfileName"`
	InstanceTypes              []string              `json:"instanceTypes,omitempty"`
	InstanceMetadataOptions    *ImageMetadataOptions `json:"instanceMetadataOptions,omitempty"`
	Logging                    *ImageLogging         `json:"logging,omitempty"`
	ResourceTags               map[string]string     `json:"resourceTags,omitempty"`
	TerminateInstanceOnFailure bool                  `json:"terminateInstanceOnFailure,omitempty"`
	Tagged
	configurationComputed
}

// ImageMetadataOptions say how the metadata of instances that build is served.
type ImageMetadataOptions struct {
	HTTPTokens              string `json:"httpTokens,omitempty"`
	HTTPPutResponseHopLimit int    `json:"httpPutResponseHopLimit,omitempty"`
}

// ImageLogging says where logs go.
type ImageLogging struct {
	S3Logs struct {
		S3BucketName string `json:"s3BucketName"`
		S3KeyPrefix  string `json:"s3KeyPrefix,omitempty"`
	} `json:"s3Logs"`
}

// CreateImageInfrastructure makes a configuration; its name must be free.
func (a *Account) CreateImageInfrastructure(i *ImageInfrastructure) error {
	return a.change(func(m *model) error {
		if err := a.checkImageInfrastructure(m, i); err != nil {
			return err
		}
		i.ID = a.builderARN("infrastructure-configuration", i.Name, "")
		i.configurationComputed = configurationComputed{ARN: i.ID, DateCreated: a.now().Format(time.RFC3339)}
		return builderKeep(m, imageInfrastructures, "InfrastructureConfiguration", i.ID, i)
	})
}

func (a *Account) checkImageInfrastructure(m *model, i *ImageInfrastructure) error {
	if err := checkBuilderName(i.Name); err != nil {
		return err
	}
	if m.InstanceProfiles[i.InstanceProfileName] == nil {
		return refuse("InvalidParameterValueException", "The value supplied for parameter 'instanceProfileName' is not valid. The provided instance profile does not exist.")
	}
	for _, t := range i.InstanceTypes {
		if _, err := a.InstanceType(t); err != nil {
			return refuse("InvalidParameterValueException", "The value supplied for parameter 'instanceTypes' is not valid. The following instance types do not exist: [%s]", t)
		}
	}
	if o := i.InstanceMetadataOptions; o != nil {
		if o.HTTPTokens != "" && o.HTTPTokens != "required" && o.HTTPTokens != "optional" || o.HTTPPutResponseHopLimit < 0 || o.HTTPPutResponseHopLimit > 64 {
			return refuse("InvalidParameterValueException", "The value supplied for parameter 'instanceMetadataOptions' is not valid.")
		}
	}
	if l := i.Logging; l != nil && m.Buckets[l.S3Logs.S3BucketName] == nil {
		return refuse("InvalidParameterValueException", "The value supplied for parameter 'logging.s3Logs.s3BucketName' is not valid. The bucket %s does not exist.", l.S3Logs.S3BucketName)
	}
	if err := (&Tagged{Tags: i.ResourceTags}).settle(); err != nil {
		return err
	}
	return i.settle()
}

// ImageInfrastructure returns one configuration by its ARN.
func (a *Account) ImageInfrastructure(arn string) (*ImageInfrastructure, error) {
	return imageInfrastructures.lookup(a, arn)
}

// UpdateImageInfrastructure changes everything but the name.
func (a *Account) UpdateImageInfrastructure(arn string, i *ImageInfrastructure) error {
	return imageInfrastructures.update(a, arn, i, func(m *model, cur *ImageInfrastructure) error {
		i.ID, i.Name, i.configurationComputed = arn, cur.Name, cur.configurationComputed
		i.DateUpdated = a.now().Format(time.RFC3339)
		return a.checkImageInfrastructure(m, i)
	})
}

// DeleteImageInfrastructure removes a configuration that no pipeline uses and
// by which no image was built.
func (a *Account) DeleteImageInfrastructure(arn string) error {
	return imageInfrastructures.remove(a, arn, func(m *model, _ *ImageInfrastructure) error {
		return m.builderFree(arn, func(p *ImagePipeline) bool { return p.InfrastructureConfigurationARN == arn }, func(b *ImageBuild) bool { return b.Infrastructure == arn })
	})
}
