package cloud

import (
	"regexp"
	"strings"
	"time"
)

// ImageDistribution is
// aws:imagebuilder/distributionConfiguration:DistributionConfiguration, within
// the account and its Region.
type ImageDistribution struct {
	ID            string         `json:"id"` // its ARN
	Name          string         `json:"name"`
	Description   string         `json:"description,omitempty"`
	Distributions []Distribution `json:"distributions"`
	Tagged
	configurationComputed
}

// Distribution says what an image is called in a Region.
type Distribution struct {
	Region                       string           `json:"region"`
	AMIDistributionConfiguration *AMIDistribution `json:"amiDistributionConfiguration,omitempty"`
}

// AMIDistribution is the name and the tags that an image gets.
type AMIDistribution struct {
	Name        string            `json:"name,omitempty"`
	Description string            `json:"description,omitempty"`
	AMITags     map[string]string `json:"amiTags,omitempty"`
}

var builtName = regexp.MustCompile(`^[-_A-Za-z0-9{][-_A-Za-z0-9\s:{}]+[-_A-Za-z0-9}]$`)

// CreateImageDistribution makes a configuration; its name must be free.
func (a *Account) CreateImageDistribution(d *ImageDistribution) error {
	return a.change(func(m *model) error {
		if err := a.checkImageDistribution(d); err != nil {
			return err
		}
		d.ID = a.builderARN("distribution-configuration", d.Name, "")
		d.configurationComputed = configurationComputed{ARN: d.ID, DateCreated: a.now().Format(time.RFC3339)}
		return builderKeep(m, imageDistributions, "DistributionConfiguration", d.ID, d)
	})
}

func (a *Account) checkImageDistribution(d *ImageDistribution) error {
	if err := checkBuilderName(d.Name); err != nil {
		return err
	}
	if len(d.Distributions) != 1 || d.Distributions[0].Region != a.opts.Region || d.Distributions[0].AMIDistributionConfiguration == nil {
		return refuse("InvalidParameterValueException", "The simulator models one distribution of an AMI, in its Region %s", a.opts.Region)
	}
	ami := d.Distributions[0].AMIDistributionConfiguration
	if len(ami.Name) > 127 || !builtName.MatchString(ami.Name) {
		return refuse("InvalidParameterValueException", "The value supplied for parameter 'amiDistributionConfiguration.name' is not valid: %q", ami.Name)
	}
	if err := (&Tagged{Tags: ami.AMITags}).settle(); err != nil {
		return err
	}
	return d.settle()
}

// amiName is what an image that is built at a moment is called.
func (d *ImageDistribution) amiName(at time.Time) string {
	name := d.Distributions[0].AMIDistributionConfiguration.Name
	return strings.NewReplacer("{{ imagebuilder:buildDate }}", buildDate(at), "{{imagebuilder:buildDate}}", buildDate(at)).Replace(name)
}

// ImageDistribution returns one configuration by its ARN.
func (a *Account) ImageDistribution(arn string) (*ImageDistribution, error) {
	return imageDistributions.lookup(a, arn)
}

// UpdateImageDistribution changes everything but the name.
func (a *Account) UpdateImageDistribution(arn string, d *ImageDistribution) error {
	return imageDistributions.update(a, arn, d, func(_ *model, cur *ImageDistribution) error {
		d.ID, d.Name, d.configurationComputed = arn, cur.Name, cur.configurationComputed
		d.DateUpdated = a.now().Format(time.RFC3339)
		return a.checkImageDistribution(d)
	})
}

// DeleteImageDistribution removes a configuration that no pipeline uses and by
// which no image was distributed.
func (a *Account) DeleteImageDistribution(arn string) error {
	return imageDistributions.remove(a, arn, func(m *model, _ *ImageDistribution) error {
		return m.builderFree(arn, func(p *ImagePipeline) bool { return p.DistributionConfigurationARN == arn }, func(b *ImageBuild) bool { return b.Distribution == arn })
	})
}
