package program_test

import (
	"fmt"
	"slices"
	"strings"

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
	loadBalancer   = "aws:lb/loadBalancer:LoadBalancer"
	listener       = "aws:lb/listener:Listener"
	scalingGroup   = "aws:autoscaling/group:Group"

	hostTemplate = "host-template" // its name
)

func metadataIsClosed(r *recording.Recording) []string {
	check := func(m recording.Record) string {
		tokens, hops := m.Text("metadataOptions.httpTokens"), m.Get("metadataOptions.httpPutResponseHopLimit")
		if tokens != "required" || hops != 1.0 {
			return fmt.Sprintf("has httpTokens %q and %v hops", tokens, hops)
		}
		if m.Get("keyName") != nil {
			return "takes an SSH key"
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

// door is a port of a group that somebody may connect to: "people" for ranges,
// else a group.
type door struct {
	group, from string
	port        float64
}

const (
	allocatorGroup = "network-allocator-id"
	clientGroup    = "network-clients-id"
	peopleGroup    = "balancer-people-group-id"
	agentsGroup    = "balancer-agents-group-id"
	databaseGroup  = "database-group-id"
)

// doors are those that the design names. There is no SSH.
func doors(r *recording.Recording) []door {
	out := []door{{databaseGroup, allocatorGroup, 5432}}
	if len(r.Of(loadBalancer)) == 0 {
		return append(out, door{allocatorGroup, "people", 80}, door{allocatorGroup, "people", 443}, door{allocatorGroup, clientGroup, 80}, door{allocatorGroup, clientGroup, 443})
	}
	if len(r.Of(scalingGroup)) > 0 {
		out = append(out, door{allocatorGroup, allocatorGroup, 8443})
	}
	return append(out,
		door{peopleGroup, "people", 80}, door{peopleGroup, "people", 443}, door{agentsGroup, clientGroup, 443},
		door{allocatorGroup, peopleGroup, 80}, door{allocatorGroup, agentsGroup, 80},
	)
}

// doorsAreClosed holds every way in to what the design names, for Cloudflare alone
// where that stands before all of it. What is not the allocator's is in a group
// that lets nobody in.
func doorsAreClosed(r *recording.Recording) []string {
	open, behind := doors(r), len(r.Of(originCertificate)) > 0
	return slices.Concat(
		each(r, ingress, func(rule recording.Record) string {
			port, from := rule.Get("fromPort"), rule.Text("referencedSecurityGroupId")
			if rule.Get("cidrIpv6") != nil || rule.Get("prefixListId") != nil || (from != "") == (rule.Text("cidrIpv4") != "") {
				return "is for neither an IPv4 range nor a group alone"
			}
			if from == "" {
				if behind && !isCloudflares(rule.Text("cidrIpv4")) {
					return "leads past Cloudflare"
				}
				from = "people"
			}
			number, _ := port.(float64)
			if rule.Text("ipProtocol") != "tcp" || port != rule.Get("toPort") || !slices.Contains(open, door{rule.Text("securityGroupId"), from, number}) {
				return fmt.Sprintf("opens port %v to %v of %q of %s to %s", port, rule.Get("toPort"), rule.Text("ipProtocol"), rule.Text("securityGroupId"), from)
			}
			return ""
		}),
		each(r, group, func(g recording.Record) string {
			if g.Get("ingress") != nil || g.Get("egress") != nil {
				return "holds rules of its own, which the rules beside it fight with"
			}
			return ""
		}),
		each(r, iface, func(i recording.Record) string { return inGroup(i.Get("securityGroups"), allocatorGroup) }),
		each(r, instance, func(i recording.Record) string {
			if i.Get("networkInterfaces") != nil {
				return ""
			}
			return inGroup(i.Get("vpcSecurityGroupIds"), allocatorGroup)
		}),
		each(r, template, func(t recording.Record) string {
			if interfaces, _ := t.Get("networkInterfaces").([]any); len(interfaces) != 1 {
				return "leaves its interface to its launch"
			}
			want := clientGroup
			if t.Name == hostTemplate {
				want = allocatorGroup
			}
			return inGroup(t.Get("networkInterfaces[0].securityGroups"), want)
		}),
		each(r, "aws:ec2/securityGroupRule:SecurityGroupRule", func(recording.Record) string { return "is of the old kind, which this rule does not read" }),
	)
}

// listenersSpeakTLS lets a listener without TLS only send people to TLS.
func listenersSpeakTLS(r *recording.Recording) []string {
	return slices.Concat(
		each(r, listener, func(l recording.Record) string {
			actions, _ := l.Get("defaultActions").([]any)
			redirects := len(actions) == 1 && l.Text("defaultActions[0].type") == "redirect" && l.Text("defaultActions[0].redirect.protocol") == "HTTPS"
			switch {
			case l.Text("protocol") == "HTTPS" && strings.HasPrefix(l.Text("sslPolicy"), "ELBSecurityPolicy-TLS13-1-2-") && l.Text("certificateArn") != "":
			case l.Text("protocol") == "HTTP" && redirects:
			default:
				return "speaks something else than TLS 1.2 or newer"
			}
			return ""
		}),
		each(r, loadBalancer, func(b recording.Record) string {
			if b.Get("dropInvalidHeaderFields") != true {
				return "lets headers in that no server reads alike"
			}
			return ""
		}),
	)
}
