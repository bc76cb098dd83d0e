package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/imagebuilder"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// Image Builder's versions never change: all inputs of what has one replace it.
var (
	componentReplaces = []string{"name", "platform", "version", "data", "description"}
	recipeReplaces    = []string{"name", "version", "parentImage", "description", "components", "blockDeviceMappings"}
)

func builderNamed(replace ...string) traits {
	return traits{Replace: replace, Name: autoname{Property: "name", Max: 126}}
}

// imagesKinds are the types of EC2 Image Builder.
var imagesKinds = map[string]kind{
	"aws:imagebuilder/component:Component": define(imagebuilder.ComponentArgs{}, imagebuilder.Component{}, builderNamed(componentReplaces...),
		operations[cloud.ImageComponent]{(*account).CreateImageComponent, (*account).ImageComponent, (*account).UpdateImageComponent, (*account).DeleteImageComponent}),
	"aws:imagebuilder/imageRecipe:ImageRecipe": define(imagebuilder.ImageRecipeArgs{}, imagebuilder.ImageRecipe{}, builderNamed(recipeReplaces...),
		operations[cloud.ImageRecipe]{(*account).CreateImageRecipe, (*account).ImageRecipe, (*account).UpdateImageRecipe, (*account).DeleteImageRecipe}),
	"aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration": define(imagebuilder.InfrastructureConfigurationArgs{}, imagebuilder.InfrastructureConfiguration{}, builderNamed("name"),
		operations[cloud.ImageInfrastructure]{(*account).CreateImageInfrastructure, (*account).ImageInfrastructure, (*account).UpdateImageInfrastructure, (*account).DeleteImageInfrastructure}),
	"aws:imagebuilder/distributionConfiguration:DistributionConfiguration": define(imagebuilder.DistributionConfigurationArgs{}, imagebuilder.DistributionConfiguration{}, builderNamed("name"),
		operations[cloud.ImageDistribution]{(*account).CreateImageDistribution, (*account).ImageDistribution, (*account).UpdateImageDistribution, (*account).DeleteImageDistribution}),
	"aws:imagebuilder/imagePipeline:ImagePipeline": define(imagebuilder.ImagePipelineArgs{}, imagebuilder.ImagePipeline{}, builderNamed("name"),
		operations[cloud.ImagePipeline]{(*account).CreateImagePipeline, (*account).ImagePipeline, (*account).UpdateImagePipeline, (*account).DeleteImagePipeline}),
}
