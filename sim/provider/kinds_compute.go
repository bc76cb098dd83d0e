package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// computeKinds are the types about machines and their disks.
var computeKinds = map[string]kind{
	"aws:ec2/instance:Instance": define(ec2.InstanceArgs{}, ec2.Instance{}, traits{
		Replace: []string{"ami", "subnetId", "privateIp", "associatePublicIpAddress", "networkInterfaces", "rootBlockDevice.encrypted"},
		Also:    replacesInstance,
	}, operations[cloud.Instance]{(*account).CreateInstance, liveInstance, (*account).UpdateInstance, endInstance}),
	"aws:ec2/eip:Eip": define(ec2.EipArgs{}, ec2.Eip{}, traits{Replace: []string{"domain"}},
		operations[cloud.EIP]{(*account).CreateEIP, (*account).EIP, (*account).UpdateEIP, (*account).DeleteEIP}),
	"aws:ec2/eipAssociation:EipAssociation": define(ec2.EipAssociationArgs{}, ec2.EipAssociation{}, traits{},
		operations[cloud.EIPAssociation]{(*account).CreateEIPAssociation, (*account).EIPAssociation, nil, (*account).DeleteEIPAssociation}),
	"aws:ebs/volume:Volume": define(ebs.VolumeArgs{}, ebs.Volume{}, traits{
		Replace: []string{"availabilityZone", "encrypted", "kmsKeyId", "snapshotId"}, Stays: []string{"snapshotId"},
	},
		operations[cloud.Volume]{(*account).CreateVolume, (*account).Volume, (*account).UpdateVolume, (*account).DeleteVolume}),
	"aws:ec2/volumeAttachment:VolumeAttachment": define(ec2.VolumeAttachmentArgs{}, ec2.VolumeAttachment{},
		traits{Replace: []string{"deviceName", "instanceId", "volumeId"}, ImportID: attachmentID},
		operations[cloud.VolumeAttachment]{(*account).CreateVolumeAttachment, (*account).VolumeAttachment, (*account).UpdateVolumeAttachment, (*account).DeleteVolumeAttachment}),
	"aws:ec2/launchTemplate:LaunchTemplate": define(ec2.LaunchTemplateArgs{}, ec2.LaunchTemplate{},
		traits{Replace: []string{"name"}, Name: autoname{Property: "name", Max: 125}, Changes: []string{"latestVersion", "defaultVersion"}},
		operations[cloud.LaunchTemplate]{(*account).CreateLaunchTemplate, (*account).LaunchTemplate, (*account).UpdateLaunchTemplate, (*account).DeleteLaunchTemplate}),
}
