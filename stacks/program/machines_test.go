package program_test

import (
	"fmt"
	"slices"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const (
	instance       = "aws:ec2/instance:Instance"
	template       = "aws:ec2/launchTemplate:LaunchTemplate"
	volume         = "aws:ebs/volume:Volume"
	recipe         = "aws:imagebuilder/imageRecipe:ImageRecipe"
	infrastructure = "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration"
	group          = "aws:ec2/securityGroup:SecurityGroup"
	ingress        = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	iface          = "aws:ec2/networkInterface:NetworkInterface"
)

func metadataIsClosed(r *recording.Recording) []string {
	check := func(m recording.Record) string {
		tokens, hops := m.Text("metadataOptions.httpTokens"), m.Get("metadataOptions.httpPutResponseHopLimit")
		if tokens != "required" || hops != 1.0 {
			return fmt.Sprintf("has httpTokens %q and %v hops", tokens, hops)
		}
		return ""
	}
	builds := func(m recording.Record) string {
		tokens, hops := m.Text("instanceMetadataOptions.httpTokens"), m.Get("instanceMetadataOptions.httpPutResponseHopLimit")
		if tokens != "required" || hops != 1.0 {
			return fmt.Sprintf("has httpTokens %q and %v hops", tokens, hops)
		}
		return ""
	}
	return slices.Concat(each(r, instance, check), each(r, template, check), each(r, infrastructure, builds))
}

func volumesAreEncrypted(r *recording.Recording) []string {
	return slices.Concat(
		each(r, volume, func(v recording.Record) string {
			if !encrypted(v.Get("encrypted")) {
				return "is not encrypted"
			}
			return ""
		}),
		each(r, instance, func(m recording.Record) string {
			if !encrypted(m.Get("rootBlockDevice.encrypted")) || m.Get("ebsBlockDevices") != nil {
				return "has a disk that is not encrypted"
			}
			return ""
		}),
		each(r, template, mapped), each(r, recipe, mapped),
	)
}

// mapped reads the disks of what machines are started or built from.
func mapped(m recording.Record) string {
	mappings, _ := m.Get("blockDeviceMappings").([]any)
	for i := range mappings {
		if !encrypted(m.Get(fmt.Sprintf("blockDeviceMappings[%d].ebs.encrypted", i))) {
			return "has a disk that is not encrypted"
		}
	}
	if len(mappings) == 0 {
		return "leaves its disk to the image"
	}
	return ""
}

// inGroup tells when groups are not the one group that they should be.
func inGroup(groups any, want string) string {
	if got, _ := groups.([]any); len(got) != 1 || got[0] != want {
		return fmt.Sprintf("is in the groups %v, not in %s alone", groups, want)
	}
	return ""
}

func encrypted(v any) bool { return v == true || v == "true" }

// doorsAreClosed holds every way in to what the design names: 80 and 443 of the
// allocator, for Cloudflare alone where that stands before it, and the database
// for the allocator. There is no SSH. What is not the allocator's is in a group
// that lets nobody in.
func doorsAreClosed(r *recording.Recording) []string {
	behind := len(r.Of(originCertificate)) > 0
	return slices.Concat(
		each(r, ingress, func(rule recording.Record) string {
			port, clients := rule.Get("fromPort"), rule.Text("referencedSecurityGroupId")
			switch {
			case rule.Text("securityGroupId") == "database-group-id":
				return databaseDoor(rule)
			case rule.Text("securityGroupId") != "network-allocator-id":
				return "leads to another group than the allocator's"
			case rule.Text("ipProtocol") != "tcp" || port != rule.Get("toPort") || port != 80.0 && port != 443.0:
				return fmt.Sprintf("opens port %v to %v of %q", port, rule.Get("toPort"), rule.Text("ipProtocol"))
			case (clients == "network-clients-id") == (rule.Text("cidrIpv4") != "") || rule.Get("cidrIpv6") != nil || rule.Get("prefixListId") != nil:
				return "is for neither an IPv4 range nor the clients' group alone"
			case behind && clients == "" && !isCloudflares(rule.Text("cidrIpv4")):
				return "leads past Cloudflare"
			}
			return ""
		}),
		each(r, group, func(g recording.Record) string {
			if g.Get("ingress") != nil || g.Get("egress") != nil {
				return "holds rules of its own, which the rules beside it fight with"
			}
			return ""
		}),
		each(r, iface, func(i recording.Record) string { return inGroup(i.Get("securityGroups"), "network-allocator-id") }),
		each(r, instance, func(i recording.Record) string {
			if i.Get("networkInterfaces") != nil {
				return ""
			}
			return inGroup(i.Get("vpcSecurityGroupIds"), "network-allocator-id")
		}),
		each(r, template, func(t recording.Record) string {
			if interfaces, _ := t.Get("networkInterfaces").([]any); len(interfaces) != 1 {
				return "leaves its interface to its launch"
			}
			return inGroup(t.Get("networkInterfaces[0].securityGroups"), "network-clients-id")
		}),
		each(r, "aws:ec2/securityGroupRule:SecurityGroupRule", func(recording.Record) string { return "is of the old kind, which this rule does not read" }),
	)
}
