package guardrail

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/edge"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// door is a port of a group that somebody may connect to: "people" for ranges,
// else a group.
type door struct {
	group, from string
	port        float64
}

// The security groups, by the ids that a recording gives them.
const (
	allocatorGroup = "network-allocator-id"
	clientGroup    = "network-clients-id"
	peopleGroup    = "balancer-people-group-id"
	agentsGroup    = "balancer-agents-group-id"
	databaseGroup  = "database-group-id"
)

// doors are those that there may be. None is for SSH.
func doors(s Stack) []door {
	out := []door{{databaseGroup, allocatorGroup, 5432}}
	if len(s.Of(loadBalancer)) == 0 {
		return append(out, door{allocatorGroup, "people", 80}, door{allocatorGroup, "people", 443}, door{allocatorGroup, clientGroup, 80}, door{allocatorGroup, clientGroup, 443})
	}
	if len(s.Of(scalingGroup)) > 0 {
		out = append(out, door{allocatorGroup, allocatorGroup, 8443})
	}
	return append(out,
		door{peopleGroup, "people", 80}, door{peopleGroup, "people", 443}, door{agentsGroup, clientGroup, 443},
		door{allocatorGroup, peopleGroup, 80}, door{allocatorGroup, agentsGroup, 80},
	)
}

// doorsAreClosed lets people in through Cloudflare alone where that stands before
// the allocator. What is not the allocator's is in a group that lets nobody in.
func doorsAreClosed(s Stack) []string {
	return slices.Concat(
		s.each(ingress, func(r recording.Record) string { return opens(s, r) }),
		s.each(oldRule, func(recording.Record) string { return "is of the old kind, which this rule does not read" }),
		s.each(securityGroup, func(g recording.Record) string {
			if g.Get("ingress") != nil || g.Get("egress") != nil {
				return "holds rules of its own, which the rules beside it fight with"
			}
			return ""
		}),
		s.each(networkCard, func(c recording.Record) string { return inGroup(c.Get("securityGroups"), allocatorGroup) }),
		s.each(instance, func(i recording.Record) string {
			if i.Get("networkInterfaces") != nil {
				return ""
			}
			return inGroup(i.Get("vpcSecurityGroupIds"), allocatorGroup)
		}),
		s.each(template, func(t recording.Record) string {
			if cards, _ := t.Get("networkInterfaces").([]any); len(cards) != 1 {
				return "leaves its interface to its launch"
			}
			want := clientGroup
			if t.Name == hostTemplate {
				want = allocatorGroup
			}
			return inGroup(t.Get("networkInterfaces[0].securityGroups"), want)
		}),
	)
}

// opens tells what a rule opens that is none of the doors.
func opens(s Stack, rule recording.Record) string {
	from, cidr := rule.Text("referencedSecurityGroupId"), rule.Text("cidrIpv4")
	switch {
	case rule.Get("cidrIpv6") != nil || rule.Get("prefixListId") != nil || (from == "") == (cidr == ""):
		return "is for neither an IPv4 range nor a group alone"
	case from == "" && len(s.Of(originCertificate)) > 0 && !cloudflares(cidr):
		return "leads past Cloudflare"
	case from == "":
		from = "people"
	}
	port, _ := rule.Get("fromPort").(float64)
	if rule.Text("ipProtocol") != "tcp" || rule.Get("toPort") != port || !slices.Contains(doors(s), door{rule.Text("securityGroupId"), from, port}) {
		return fmt.Sprintf("opens port %v to %v of %q of %s to %s", port, rule.Get("toPort"), rule.Text("ipProtocol"), rule.Text("securityGroupId"), from)
	}
	return ""
}

// cloudflares reports whether a range is a part of Cloudflare's.
func cloudflares(cidr string) bool {
	p, err := netip.ParsePrefix(cidr)
	return err == nil && edge.Holds(p)
}

// inGroup tells when groups are not the one group that they should be.
func inGroup(groups any, want string) string {
	if got, _ := groups.([]any); len(got) != 1 || got[0] != want {
		return fmt.Sprintf("is in the groups %v, not in %s alone", groups, want)
	}
	return ""
}

// listenersSpeakTLS lets a listener without TLS only send people to TLS.
func listenersSpeakTLS(s Stack) []string {
	return slices.Concat(
		s.each(listener, func(l recording.Record) string {
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
		s.each(loadBalancer, func(b recording.Record) string {
			if b.Get("dropInvalidHeaderFields") != true {
				return "lets headers in that no server reads alike"
			}
			return ""
		}),
	)
}
