package settings_test

import (
	"fmt"
	"strings"
)

// wrong is a change that makes the configuration of a stack wrong in one way.
type wrong struct {
	why            string
	change         config
	key, what, fix string // what the one problem says
}

// pool is good's pool with something appended, which takes the place of what
// came before it.
func pool(more string) config {
	return config{"lablink:pools": `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-0123456789abcdef1"}, "maxMachines": 4, ` + more + `}]`}
}

// behindCloudflare is a stack before which Cloudflare stands, for whom the
// allocator is open.
func behindCloudflare(allowed string) config {
	return config{
		"lablink:dns": `{"provider": "cloudflare", "domain": "lab.example.org"}`, "lablink:tls": `{"mode": "cloudflare"}`,
		"lablink:network": `{"zones": ["us-west-2a", "us-west-2b"], "allowedCidrs": ` + allowed + `}`,
	}
}

func one(key, value string) config { return config{"lablink:" + key: value} }

// inZones is an own VPC whose zones are set, with something more.
func inZones(more string) config {
	return one("network", `{"zones": ["us-west-2a", "us-west-2b"], `+more+`}`)
}

// existing is a VPC that is there, with something more.
func existing(more string) config {
	return one("network", `{"vpcId": "vpc-0123456789abcdef0", "subnetIds": ["subnet-0123456789abcdef0"], `+more+`}`)
}

// numbered is a list of things that differ by a number.
func numbered(count int, thing string) string {
	var out []string
	for i := range count {
		out = append(out, fmt.Sprintf(thing, i))
	}
	return strings.Join(out, ", ")
}

var anywhere = []wrong{
	{"an unknown key", one("instancetype", "x"), "lablink:instancetype", "is not a setting", "remove it; the settings here are deployment, kind"},
	{"a misspelt key", one("deploymnt", "x"), "lablink:deploymnt", "is not a setting", "did you mean lablink:deployment?"},
	{"a key in wrong case", one("environmentclass", "x"), "lablink:environmentclass", "is not a setting", "did you mean lablink:environmentClass?"},
	{"an unknown key inside", inZones(`"cidrs": "x"`), "lablink:network.cidrs", "is not a setting", "did you mean lablink:network.cidr?"},
	{"a repository with a password", pool(`"desktop": "vnc", "repository": "https://ann:secret@example.org/course"`), "lablink:pools[0].repository", `"https://ann:xxxxx@example.org/course"`, "anybody may clone it"},
	{"a repository of a shell's", pool(`"desktop": "vnc", "repository": "git@github.com:a/b"`), "lablink:pools[0].repository", "is no address of a Git repository", "https://github.com/OWNER/NAME"},
	{"a repository that is an option", pool(`"desktop": "vnc", "repository": "--upload-pack=x"`), "lablink:pools[0].repository", "is no address of a Git repository", "https://github.com/OWNER/NAME"},
	{"a container without an image", pool(`"desktop": "container"`), "lablink:pools[0].container", "is empty", "ghcr.io/OWNER/NAME"},
	{"an image for no container", pool(`"desktop": "vnc", "container": "ghcr.io/a/b:1"`), "lablink:pools[0].container", "desktop is vnc", "set desktop to container"},
	{"an image without a registry", pool(`"desktop": "container", "container": "lab/desktop:1"`), "lablink:pools[0].container", "is no whole name of an image", "@sha256:DIGEST"},
	{"an image that is an option", pool(`"desktop": "container", "container": "--all"`), "lablink:pools[0].container", "is no whole name of an image", "@sha256:DIGEST"},
	{"a digest that is cut short", pool(`"desktop": "container", "container": "ghcr.io/a/b@sha256:12"`), "lablink:pools[0].container", "is no whole name of an image", "@sha256:DIGEST"},
	{"a program that is a path", pool(`"software": ["blender", "/usr/bin/blender"]`), "lablink:pools[0].software[1]", "is no program's name", "ps shows"},
	{"too many programs", pool(`"software": [` + numbered(21, `"p%d"`) + `]`), "lablink:pools[0].software", "names 21 programs", "people work in"},
	{"a script that is too long", pool(`"desktop": "vnc", "startup": {"script": "` + strings.Repeat("x", 100<<10+1) + `"}`), "lablink:pools[0].startup.script", "has 102401 bytes", "fetch the rest"},
	{"a script with a zero byte", pool(`"desktop": "vnc", "startup": {"script": "a\u0000b"}`), "lablink:pools[0].startup.script", "is no text", "UTF-8"},
	{"a check without a script", pool(`"startup": {"successCheck": "true"}`), "lablink:pools[0].startup.successCheck", "checks what no script does", "startup.script"},
	{"too many tries", pool(`"startup": {"maxAttempts": 11}`), "lablink:pools[0].startup.maxAttempts", "between 1 and 10", "3 get over"},
	{"a delay below zero", pool(`"startup": {"baseDelaySeconds": -1}`), "lablink:pools[0].startup.baseDelaySeconds", "between 0 and 600", "30"},
	{"an unknown end", pool(`"startup": {"onError": "stop"}`), "lablink:pools[0].startup.onError", `is "stop"`, "continue, fail"},
	{"an unknown key of a pool", pool(`"currency": "usd"`), "lablink:pools[0].currency", "is not a setting", "the settings here are name, instanceTypes"},
	{"a short key that is like another by chance", inZones(`"id": "x"`), "lablink:network.id", "is not a setting", "remove it; the settings here are vpcId, subnetIds"},
	{"a key that only the program sets", one("Environment", "x"), "lablink:Environment", "is not a setting", "remove it"},
	{"a flat key", one("network.cidr", "10.0.0.0/16"), "lablink:network.cidr", "is a flat key with a dot", "lablink:network: {cidr: …}"},
	{"text for an object", one("network", "10.0.0.0/16"), "lablink:network", `must be an object, not the text "10.0.0.0/16"`, "give it keys: vpcId, subnetIds"},
	{"nothing for a list", config{"lablink:pools": " "}, "lablink:pools", `must be a list, not the text " "`, "write it as a YAML list"},
	{"more than one value", inZones(`"cidr": "10.0.0.0/16"} {`), "lablink:network", "must be an object", "give it keys"},
	{"an object for a list", one("pools", `{"name": "gpu"}`), "lablink:pools", "must be a list, not an object", "write it as a YAML list"},
	{"text for a number", pool(`"rootVolumeGiB": "100"`), "lablink:pools[0].rootVolumeGiB", `must be a whole number, not the text "100"`, "write a whole number"},
	{"text for an amount", pool(`"maxHourlyUsd": "1.25"`), "lablink:pools[0].maxHourlyUsd", `must be a number, not the text "1.25"`, "write a number, for example 0.75"},
	{"more than there are numbers", pool(`"maxHourlyUsd": 1e999`), "lablink:pools[0].maxHourlyUsd", "must be a number, not the number 1e999", "write a number"},
	{"less than nothing for a machine", pool(`"maxHourlyUsd": -0.5`), "lablink:pools[0].maxHourlyUsd", "must be 0 or more, not -0.5", "or 0 for no cap"},
	{"a part of a machine", pool(`"maxMachines": 1.5`), "lablink:pools[0].maxMachines", "must be a whole number, not the number 1.5", "write a whole number"},
	{"an account number without quotes", one("account", `{"id": 123456789012}`), "lablink:account.id", "must be text, not a number", `put it in quotes: "123456789012"`},
	{"a word for yes", one("protection", "yes"), "lablink:protection", `must be true or false, not the text "yes"`, "write true or false"},
	{"a list for text", one("dns", `{"provider": "route53", "domain": "lab.example.org", "zoneId": ["Z1"]}`), "lablink:dns.zoneId", "must be text, not a list", "write it as text"},

	{"no Region", config{"aws:region": ""}, "aws:region", "is not set", "us-west-2"},
	{"another partition", config{"aws:region": "cn-north-1"}, "aws:region", "China", "choose one of the others"},
	{"a long deployment", one("deployment", "a-deployment-of-21-ch"), "lablink:deployment", "must be 3–20 lower-case letters", "choose a short name"},
	{"a name like a security group's id", one("deployment", "sg-lab"), "lablink:deployment", "EC2 (for security groups) takes none that begins with sg-", "choose another name"},
	{"a name that becomes one like that", one("deployment", "sthree"), "lablink:deployment", "S3 takes none that begins with sthree-", "choose another name"},
	{"a name of another alphabet", one("deployment", "xn--lab"), "lablink:deployment", "S3 takes none that begins with xn--", "choose another name"},
	{"a name of S3's examples", one("deployment", "amzn-s3-demo-lab"), "lablink:deployment", "S3 takes none that begins with amzn-s3-demo-", "choose another name"},
	{"a dash at the end", one("deployment", "lab-"), "lablink:deployment", "must be 3–20 lower-case letters", "choose a short name"},
	{"no deployment", config{"lablink:deployment": ""}, "lablink:deployment", `not ""`, "choose a short name"},
	{"an unknown kind", one("kind", "cluster"), "lablink:kind", `is "cluster"`, "use one of environment, account"},
	{"an unknown class", one("environmentClass", "staging"), "lablink:environmentClass", `is "staging"`, "use one of production, other"},
	{"a short account number", one("account", `{"id": "12345"}`), "lablink:account.id", `must be twelve digits, not "12345"`, "in quotes"},

	{"a network with host bits", inZones(`"cidr": "10.20.1.0/16"`), "lablink:network.cidr", "must be an IPv4 network", "10.20.0.0/16"},
	{"a network that is too small", inZones(`"cidr": "10.20.0.0/25"`), "lablink:network.cidr", "/16 to /24", "10.20.0.0/16"},
	{"an IPv6 network", inZones(`"cidr": "fd00::/20"`), "lablink:network.cidr", "must be an IPv4 network", "10.20.0.0/16"},
	{"an address for a range", inZones(`"allowedCidrs": ["0.0.0.0/0", "192.0.2.1"]`), "lablink:network.allowedCidrs[1]", "is not an IPv4 network", "192.0.2.0/24"},
	{"a range twice", inZones(`"allowedCidrs": ["0.0.0.0/0", "0.0.0.0/0"]`), "lablink:network.allowedCidrs[1]", "in the list already", "remove it"},
	{"more ranges than a group has rules for", inZones(`"allowedCidrs": [` + numbered(30, `"198.51.%d.0/24"`) + `]`), "lablink:network.allowedCidrs", "has 30, and a security group takes 60 rules", "keep 29 at most"},
	{"a narrow range with ACME", inZones(`"allowedCidrs": ["192.0.2.0/24"]`), "lablink:network.allowedCidrs", "is narrowed", "set tls.challenge: dns"},

	{"one zone", one("network", `{"zones": ["us-west-2a"]}`), "lablink:network.zones", "has 1, and 2 to 16 are possible", "leave it out"},
	{"a zone of another Region", one("network", `{"zones": ["us-west-2a", "eu-west-1b"]}`), "lablink:network.zones[1]", "is not an availability zone of us-west-2", "for example us-west-2a"},
	{"a zone's letter", one("network", `{"zones": ["us-west-2a", "b"]}`), "lablink:network.zones[1]", `"b"`, "write the whole name"},
	{"a local zone", one("network", `{"zones": ["us-west-2a", "us-west-2-lax-1a"]}`), "lablink:network.zones[1]", "is not an availability zone", "write the whole name"},
	{"a zone twice", one("network", `{"zones": ["us-west-2a", "us-west-2a"]}`), "lablink:network.zones[1]", "in the list already", "remove it"},

	{"a VPC without subnets", one("network", `{"vpcId": "vpc-0123456789abcdef0"}`), "lablink:network.subnetIds", "set both or neither", "list public subnets"},
	{"subnets without a VPC", one("network", `{"subnetIds": ["subnet-0123456789abcdef0"]}`), "lablink:network.vpcId", "set both or neither", "set the VPC"},
	{"a VPC's name", one("network", `{"vpcId": "main", "subnetIds": ["subnet-0123456789abcdef0"]}`), "lablink:network.vpcId", `is not a VPC's id: "main"`, "vpc-0123456789abcdef0"},
	{"a VPC for a subnet", one("network", `{"vpcId": "vpc-0123456789abcdef0", "subnetIds": ["vpc-0123456789abcdef0"]}`), "lablink:network.subnetIds[0]", "is not a subnet's id", "subnet-0123456789abcdef0"},
	{"more subnets than policies hold", one("network", `{"vpcId": "vpc-0123456789abcdef0", "subnetIds": [`+numbered(13, `"subnet-012345%02d"`)+`]}`), "lablink:network.subnetIds", "has 13, and the policies of the roles that launch into them have room for 12", "keep 12 at most"},
	{"a subnet twice", existing(`"subnetIds": ["subnet-01234567", "subnet-01234567"]`), "lablink:network.subnetIds[1]", "in the list already", "remove it"},
	{"NAT in an existing VPC", existing(`"nat": true`), "lablink:network.nat", "route tables of its subnets decide", "remove it"},
	{"zones of an existing VPC", existing(`"zones": ["us-west-2a", "us-west-2b"]`), "lablink:network.zones", "its subnets decide", "remove it"},
	{"a range for an existing VPC", existing(`"cidr": "10.0.0.0/16"`), "lablink:network.cidr", "it has its range", "remove it"},
	{"a dynamic address in an existing VPC", existing(`"nat": false`).with(one("allocator", `{"ami": "ami-0123456789abcdef0", "address": "dynamic"}`)), "lablink:allocator.address", "machines reach the host would change", "remove network.vpcId"},
	{"a dynamic address behind a load balancer", one("tls", `{"mode": "acm"}`).with(one("allocator", `{"ami": "ami-0123456789abcdef0", "address": "dynamic"}`)), "lablink:allocator.address", "behind a load balancer", "remove it"},
	{"a zone without room for NAT", one("network", `{"nat": true, "zones": ["us-west-2h", "us-west-2i"]}`), "lablink:network.zones[1]", "there is room for the zones a to h", "remove network.nat"},
	{"a zone without room", one("network", `{"zones": ["us-west-2p", "us-west-2q"]}`), "lablink:network.zones[1]", "is not an availability zone of us-west-2", "write the whole name"},
	{"an address that is neither", one("allocator", `{"ami": "ami-0123456789abcdef0", "address": "elastic"}`), "lablink:allocator.address", `is "elastic"`, "persistent, dynamic"},

	{"no domain", one("dns", `{"provider": "route53"}`), "lablink:dns.domain", "is required", "lab.example.org"},
	{"no domain for the certificate", config{"lablink:dns": "", "lablink:tls": `{"mode": "acme", "email": "lab@example.org"}`}, "lablink:dns.domain", "is required", "lab.example.org"},
	{"a URL for a domain", one("dns", `{"domain": "https://lab.example.org"}`), "lablink:dns.domain", "is not a domain name", "without a scheme"},
	{"a bare word for a domain", one("dns", `{"domain": "lab"}`), "lablink:dns.domain", "is not a domain name", "lab.example.org"},
	{"a provider that is not known", one("dns", `{"provider": "godaddy", "domain": "lab.example.org"}`), "lablink:dns.provider", `is "godaddy"`, "route53, cloudflare, none"},
	{"a zone's name for its id", one("dns", `{"provider": "route53", "domain": "lab.example.org", "zoneId": "example.org"}`), "lablink:dns.zoneId", "is not a hosted zone's id", "Z0123456789ABCDEFGHIJ"},
	{"a zone for nothing", one("dns", `{"domain": "lab.example.org", "zoneId": "Z0123456789"}`), "lablink:dns.zoneId", "no record is made", "set dns.provider: route53"},
	{"no domain for Cloudflare", config{"lablink:dns": `{"provider": "cloudflare"}`, "lablink:tls": `{"mode": "cloudflare"}`}, "lablink:dns.domain", "is required", "lab.example.org"},
	{"a hosted zone's id at Cloudflare", one("dns", `{"provider": "cloudflare", "domain": "lab.example.org", "zoneId": "Z0123456789"}`), "lablink:dns.zoneId", "is not an id of a zone of Cloudflare's", "32 digits"},
	{"a zone of Cloudflare's in Route 53", one("dns", `{"provider": "route53", "domain": "lab.example.org", "zoneId": "0123456789abcdef0123456789abcdef"}`), "lablink:dns.zoneId", "is not a hosted zone's id", "Z0123456789ABCDEFGHIJ"},
	{"a zone for a record that is made by hand", one("dns", `{"provider": "route53", "domain": "lab.example.org", "zoneId": "Z0123456789", "manage": false}`), "lablink:dns.zoneId", "no record is made with dns.manage: false", "remove it"},
	{"Cloudflare before somebody else's name", one("tls", `{"mode": "cloudflare"}`), "lablink:tls.mode", "dns.provider is route53", "set dns.provider: cloudflare"},
	{"everybody past Cloudflare", behindCloudflare(`["0.0.0.0/0"]`), "lablink:network.allowedCidrs[0]", "is 0.0.0.0/0, which is not a part of Cloudflare's ranges", "leave the list out"},
	{"somebody past Cloudflare", behindCloudflare(`["173.245.48.0/24", "192.0.2.0/24"]`), "lablink:network.allowedCidrs[1]", "is 192.0.2.0/24, which is not a part", "leave the list out"},
	{"an unknown certificate", one("tls", `{"mode": "self-signed"}`), "lablink:tls.mode", `is "self-signed"`, "use one of acme, cloudflare, acm, none"},
	{"an unknown challenge", one("tls", `{"email": "lab@example.org", "challenge": "tls-alpn"}`), "lablink:tls.challenge", `is "tls-alpn"`, "use one of http, dns"},
	{"a challenge without a zone", config{"lablink:dns": `{"domain": "lab.example.org"}`, "lablink:tls": `{"email": "lab@example.org", "challenge": "dns"}`}, "lablink:tls.challenge", "no zone in which to answer", "set dns.provider: route53"},
	{"a challenge in a zone at Cloudflare", config{"lablink:dns": `{"provider": "cloudflare", "domain": "lab.example.org"}`, "lablink:tls": `{"email": "lab@example.org", "challenge": "dns"}`}, "lablink:tls.challenge", "has no token", "use tls.mode: cloudflare"},
	{"no e-mail address", one("tls", `{"mode": "acme"}`), "lablink:tls.email", "is required with tls.mode: acme", "that somebody reads"},
	{"a name with the e-mail address", one("tls", `{"email": "Lab <lab@example.org>"}`), "lablink:tls.email", "is not an e-mail address", "that somebody reads"},

	{"acm without a domain", config{"lablink:dns": "", "lablink:tls": acm("us-west-2", "123456789012")}, "lablink:dns.domain", "is required unless dns.provider and tls.mode are none", "lab.example.org"},
	{"acm without a zone or a certificate", config{"lablink:dns": `{"domain": "lab.example.org"}`, "lablink:tls": `{"mode": "acm"}`}, "lablink:tls.certificateArn", "is required with tls.mode: acm", "dns.provider: route53"},
	{"acm in a zone that is not managed", config{"lablink:dns": `{"provider": "route53", "domain": "lab.example.org", "manage": false}`, "lablink:tls": `{"mode": "acm"}`}, "lablink:tls.certificateArn", "is not managed in Route 53", "dns.manage: true"},
	{"a certificate for nothing", one("tls", `{"email": "lab@example.org", "certificateArn": "arn:aws:acm:us-west-2:123456789012:certificate/0"}`), "lablink:tls.certificateArn", "nothing serves with it with tls.mode: acme", "set tls.mode: acm"},
	{"a certificate's name", one("tls", `{"mode": "acm", "certificateArn": "lab.example.org"}`), "lablink:tls.certificateArn", "is not a certificate's ARN", "arn:aws:acm:REGION"},
	{"a certificate of another Region", one("tls", acm("us-east-1", "123456789012")), "lablink:tls.certificateArn", "is in us-east-1, but a load balancer takes certificates of its own Region, us-west-2", "in us-west-2"},
	{"a certificate of another account", one("tls", acm("us-west-2", "999999999999")), "lablink:tls.certificateArn", "is of account 999999999999", "in this account"},
	{"no host", hosts("-1", "sqlite", `{"mode": "acm"}`), "lablink:allocator.replicas", "must be between 1 and 10, not -1", "2 outlive the loss"},
	{"too many hosts", hosts("11", "postgres", `{"mode": "acm"}`), "lablink:allocator.replicas", "not 11", "1 serves"},
	{"hosts without a database that they share", hosts("2", "sqlite", `{"mode": "acm"}`), "lablink:database.engine", "is sqlite, but 2 allocators", "postgres"},
	{"hosts without a load balancer", hosts("2", "postgres", `{"email": "lab@example.org"}`), "lablink:tls.mode", "is acme, but with 2 allocators a load balancer ends TLS", "tls.mode: acm"},

	{"a mutable version", one("allocator", `{"version": "latest", "ami": "ami-0123456789abcdef0"}`), "lablink:allocator.version", `is "latest"`, "use source"},
	{"a branch", one("allocator", `{"version": "main", "ami": "ami-0123456789abcdef0"}`), "lablink:allocator.version", "can come to mean something else", "use source"},
	{"half a version", one("allocator", `{"version": "v1.2", "ami": "ami-0123456789abcdef0"}`), "lablink:allocator.version", `is "v1.2"`, "vX.Y.Z"},
	{"a manifest cut short", one("allocator", `{"version": "sha256:0123", "ami": "ami-0123456789abcdef0"}`), "lablink:allocator.version", "names no manifest", "release.manifest"},
	{"a published release without its sum", one("allocator", `{"version": "v1.2.0", "ami": "ami-0123456789abcdef0"}`), "lablink:allocator.releaseSha256", "is required with allocator.version v1.2.0", "releases/download/v1.2.0/release.json | sha256sum"},
	{"a sum that is none", one("allocator", `{"version": "v1.2.0", "releaseSha256": "ABC", "ami": "ami-0123456789abcdef0"}`), "lablink:allocator.releaseSha256", "is not 64 hexadecimal digits", "sha256sum"},
	{"artifacts without TLS", one("allocator", `{"releaseUrl": "http://example.org", "ami": "ami-0123456789abcdef0"}`), "lablink:allocator.releaseUrl", "is not an https URL", "https://github.com/OWNER/NAME"},
	{"artifacts at a folder with a slash", one("allocator", `{"releaseUrl": "https://example.org/", "ami": "ami-0123456789abcdef0"}`), "lablink:allocator.releaseUrl", "without a slash at the end", "https://github.com/OWNER/NAME"},
	{"an image's name", one("allocator", `{"ami": "debian-12"}`), "lablink:allocator.ami", "is not an image's id", "ami-0123456789abcdef0"},
	{"an instance type that is none", one("allocator", `{"ami": "ami-0123456789abcdef0", "instanceType": "large"}`), "lablink:allocator.instanceType", "is not an instance type", "t4g.small"},
	{"a huge volume", one("allocator", `{"ami": "ami-0123456789abcdef0", "dataVolumeGiB": 20000}`), "lablink:allocator.dataVolumeGiB", "between 1 and 16384, not 20000", "20"},
	{"a negative volume", one("allocator", `{"ami": "ami-0123456789abcdef0", "dataVolumeGiB": -1}`), "lablink:allocator.dataVolumeGiB", "not -1", "20"},

	{"no pool", config{"lablink:pools": ""}, "lablink:pools", "is empty", "describe at least one"},
	{"a pool without a name", pool(`"name": ""`), "lablink:pools[0].name", `not ""`, "for example gpu"},
	{"more pools than a policy holds", config{"lablink:pools": `[` + numbered(21, `{"name": "p%02d", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-0123456789abcdef1"}, "maxMachines": 1}`) + `]`}, "lablink:pools", "has 21, and the policy of the host's role has room for 20", "keep 20 at most"},
	{"two pools of one name", config{"lablink:pools": twice}, "lablink:pools[1].name", `is "gpu", as another pool's`, "a name of its own"},
	{"a pool without types", pool(`"instanceTypes": []`), "lablink:pools[0].instanceTypes", "is empty", "g5.xlarge"},
	{"a type that is none", pool(`"instanceTypes": ["g5.xlarge", "big"]`), "lablink:pools[0].instanceTypes[1]", "is not an instance type", "g5.xlarge"},
	{"a type twice", pool(`"instanceTypes": ["g5.xlarge", "g5.xlarge"]`), "lablink:pools[0].instanceTypes[1]", "in the list already", "remove it"},
	{"an image in two ways", pool(`"image": {"id": "ami-0123456789abcdef1", "ssmParameter": "/x", "pipeline": "gpu"}`), "lablink:pools[0].image", "which are two images", "keep one of image.ssmParameter and image.pipeline"},
	{"parameters", pool(`"image": {"id": "ami-0123456789abcdef1", "ssmParameter": "/images/*"}`), "lablink:pools[0].image.ssmParameter", `not "/images/*"`, "for example /images/gpu"},
	{"a long parameter", pool(`"image": {"id": "ami-0123456789abcdef1", "ssmParameter": "/` + strings.Repeat("x", 128) + `"}`), "lablink:pools[0].image.ssmParameter", "of 128 characters at most", "for example /images/gpu"},
	{"no image", pool(`"image": {}`), "lablink:pools[0].image", "is not set", "image.id, image.ssmParameter or image.pipeline"},
	{"a pipeline's ARN", pool(`"image": {"id": "ami-0123456789abcdef1", "pipeline": "arn:aws:imagebuilder:x"}`), "lablink:pools[0].image.pipeline", "must be 1–20 lower-case letters", "what the account's stack calls it"},
	{"an unknown market", pool(`"market": "reserved"`), "lablink:pools[0].market", `is "reserved"`, "use one of on-demand, spot, spot-then-on-demand"},
	{"an image's name in a pool", pool(`"image": {"id": "ubuntu"}`), "lablink:pools[0].image.id", "is not an image's id", "ami-0123456789abcdef0"},
	{"a small disk", pool(`"rootVolumeGiB": 7`), "lablink:pools[0].rootVolumeGiB", "between 8 and 16384, not 7", "100"},
	{"a repository without a desktop", pool(`"repository": "https://example.org/course"`), "lablink:pools[0].desktop", "runs only where there is a desktop", "set it to vnc"},
	{"a script without a desktop", pool(`"desktop": "none", "startup": {"script": "true"}`), "lablink:pools[0].desktop", "runs only where there is a desktop", "set it to vnc"},
	{"a desktop of another kind", pool(`"desktop": "rdp"`), "lablink:pools[0].desktop", "rdp", "vnc"},
	{"no machine", pool(`"maxMachines": 0`), "lablink:pools[0].maxMachines", "between 1 and 1000, not 0", "how many machines"},
	{"too many machines", pool(`"maxMachines": 1001`), "lablink:pools[0].maxMachines", "not 1001", "how many machines"},

	{"a backup for too long", one("database", `{"backupDays": 36}`), "lablink:database.backupDays", "between 0 and 35, not 36", "a week"},
	{"a backup for less than nothing", one("database", `{"backupDays": -1}`), "lablink:database.backupDays", "between 0 and 35, not -1", "a week"},
	{"hours that do not divide a day", one("database", `{"snapshotHours": 5}`), "lablink:database.snapshotHours", "is 5", "1, 2, 3, 4, 6, 8, 12, 24"},
	{"more than a day between snapshots", one("database", `{"snapshotHours": 48}`), "lablink:database.snapshotHours", "is 48", "1, 2, 3, 4, 6, 8, 12, 24"},
	{"snapshots of RDS", one("database", `{"engine": "postgres", "snapshotHours": 6}`), "lablink:database.snapshotHours", "RDS backs up continuously", "remove it"},
	{"a volume for a snapshot", one("database", `{"restoreSnapshot": "vol-0123456789abcdef0"}`), "lablink:database.restoreSnapshot", "is not a snapshot's id", "snap-0123456789abcdef0"},
	{"a snapshot to go back to in RDS", one("database", `{"engine": "postgres", "restoreSnapshot": "snap-0123456789abcdef0"}`), "lablink:database.restoreSnapshot", "there is no data volume", "remove it"},
	{"a standby of a file", one("database", `{"multiAz": true}`), "lablink:database.multiAz", "there is no RDS instance", "set database.engine: postgres"},
	{"a class for a file", one("database", `{"instanceClass": "db.t4g.small"}`), "lablink:database.instanceClass", "there is no RDS instance", "set database.engine: postgres"},
	{"an EC2 type for a class", one("database", `{"engine": "postgres", "instanceClass": "t4g.small"}`), "lablink:database.instanceClass", "is not a class of RDS instances", "db.t4g.micro"},
	{"an unknown database", one("database", `{"engine": "mysql"}`), "lablink:database.engine", `is "mysql"`, "use one of sqlite, postgres"},

	{"a session that never was", one("sessions", `{"maxMinutes": -1}`), "lablink:sessions.maxMinutes", "between 0 and 527040, not -1", "0 for no limit"},
	{"a warning that takes longer than it waits", one("sessions", `{"idleMinutes": 5}`), "lablink:sessions.idleMinutes", "warned 5 minutes before", "more than 5 minutes"},
	{"no warning", one("sessions", `{"warnMinutes": 61}`), "lablink:sessions.warnMinutes", "between 1 and 60, not 61", "5 minutes"},
	{"single sign-on of nobody's", one("oidc", `{"admins": ["ann@example.org"]}`), "lablink:oidc.issuer", "nobody is asked", "https://accounts.google.com"},
	{"single sign-on without TLS", one("oidc", `{"issuer": "http://idp.example.org", "clientId": "x", "admins": ["ann@example.org"]}`), "lablink:oidc.issuer", "is not an address over TLS", "https://"},
	{"single sign-on without a client", one("oidc", `{"issuer": "https://idp.example.org", "admins": ["ann@example.org"]}`), "lablink:oidc.clientId", "is missing", "register"},
	{"single sign-on for nobody", one("oidc", `{"issuer": "https://idp.example.org", "clientId": "x"}`), "lablink:oidc.admins", "nobody could log in", "@domains"},
	{"a budget below nothing", one("budget", `{"monthlyUsd": -1}`), "lablink:budget.monthlyUsd", "0 or more, not -1", "US dollars a month"},
	{"a budget that tells nobody", one("budget", `{"monthlyUsd": 100}`), "lablink:budget.emails", "nobody would be told", "list who is told"},
	{"addresses for no budget", one("budget", `{"emails": ["lab@example.org"]}`), "lablink:budget.emails", "there is no budget", "set budget.monthlyUsd"},
	{"too many addresses", one("budget", `{"monthlyUsd": 1, "emails": ["a@x.org", "b@x.org", "c@x.org", "d@x.org", "e@x.org", "f@x.org", "g@x.org", "h@x.org", "i@x.org", "j@x.org", "k@x.org"]}`), "lablink:budget.emails", "has 11 addresses, and AWS tells 10", "a list of people"},
	{"a name for an address", one("budget", `{"monthlyUsd": 1, "emails": ["lab"]}`), "lablink:budget.emails[0]", "is not an e-mail address", "lab@example.org"},
	{"an address with a name", one("alarms", `{"emails": ["lab@example.org", "Lab <ops@example.org>"]}`), "lablink:alarms.emails[1]", "is not an e-mail address", "lab@example.org"},
	{"an address twice", one("alarms", `{"emails": ["lab@example.org", "Lab@example.org"]}`), "lablink:alarms.emails[1]", "in the list already", "remove it"},

	{"a repository's URL", one("github", `{"repository": "https://github.com/a/b"}`), "lablink:github.repository", "is not a repository", "write owner/name"},
	{"an id that is no number", one("github", `{"repository": "a/b", "repositoryId": "x"}`), "lablink:github.repositoryId", "is not a number", "gh api"},
	{"half of the ids", one("github", `{"repository": "a/b", "ownerId": "7"}`), "lablink:github.repositoryId", "is missing", "set both"},
	{"a short password", one("adminPassword", "hunter2"), "lablink:adminPassword", "shorter than 12 characters", "leave it out"},
	{"a placeholder", one("adminPassword", "please-change-me-1"), "lablink:adminPassword", "is a placeholder", "leave it out"},
}

// acm is a certificate that exists already.
func acm(region, account string) string {
	return `{"mode": "acm", "certificateArn": "arn:aws:acm:` + region + `:` + account + `:certificate/01234567-89ab-cdef-0123-456789abcdef"}`
}

// hosts are several of them.
func hosts(replicas, engine, tls string) config {
	return config{
		"lablink:allocator": `{"ami": "ami-0123456789abcdef0", "replicas": ` + replicas + `}`,
		"lablink:database":  `{"engine": "` + engine + `"}`, "lablink:tls": tls,
	}
}

const twice = `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-0123456789abcdef1"}, "maxMachines": 4},
	{"name": "gpu", "instanceTypes": ["g6.xlarge"], "image": {"id": "ami-0123456789abcdef1"}, "maxMachines": 4}]`

// inAnAccount is refused in the stack of an account, whose pools are images.
var inAnAccount = []wrong{
	{"a pool of machines", baked(`"image": {"id": "ami-0123456789abcdef1"}`), "lablink:pools[0].image.pipeline", "a pool of an account is an image to build", "name the pipeline"},
	{"an image that is built on nothing", baked(`"image": {"pipeline": "gpu"}`), "lablink:pools[0].image", "what it is built on", "an image that has NVIDIA's driver"},
	{"an image that is built on two", baked(`"image": {"pipeline": "gpu", "id": "ami-0123456789abcdef1", "ssmParameter": "/x"}`), "lablink:pools[0].image", "needs exactly one", "either image.id or image.ssmParameter"},
	{"a parent's name", baked(`"image": {"pipeline": "gpu", "id": "ubuntu"}`), "lablink:pools[0].image.id", "is not an image's id", "ami-0123456789abcdef0"},
	{"a number of machines", baked(`"maxMachines": 4`), "lablink:pools[0].maxMachines", "which an account has none of", "set it in the environments"},
	{"a market", baked(`"market": "spot"`), "lablink:pools[0].market", "which an account has none of", "set it in the environments"},
	{"no type to test on", baked(`"instanceTypes": []`), "lablink:pools[0].instanceTypes", "is empty", "g5.xlarge"},
	{"a small image", baked(`"rootVolumeGiB": 4`), "lablink:pools[0].rootVolumeGiB", "between 8 and 16384", "100"},
	{"a cap on no machines", config{"lablink:budget": `{"monthlyUsd": 1, "emails": ["lab@example.org"], "hardCap": true}`, "lablink:pools": `[` + bakedPool + `}]`}, "lablink:budget.hardCap", "an account has no machines to end", "in the environment's stack"},
	{"two pipelines of one name", config{"lablink:pools": `[` + bakedPool + `}, ` + bakedPool + `}]`}, "lablink:pools[1].image.pipeline", `is "gpu", as another's`, "a name of its own"},
}

const bakedPool = `{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"pipeline": "gpu", "ssmParameter": "/x"}`

func baked(more string) config { return config{"lablink:pools": `[` + bakedPool + `, ` + more + `}]`} }

// elsewhere is refused in other environments; production refuses what comes before.
var elsewhere = []wrong{
	{"going back without a way forth", one("database", `{"backupDays": 0, "restoreSnapshot": "snap-0123456789abcdef0"}`), "lablink:database.restoreSnapshot", "nothing would be left of the volume that it replaces", "set database.backupDays"},
}

// inProduction is refused there and taken elsewhere.
var inProduction = []wrong{
	{"no account", config{"lablink:account": ""}, "lablink:account.id", "is required in production", "twelve digits"},
	{"no TLS", one("tls", `{"mode": "none"}`), "lablink:tls.mode", "production serves over TLS only", "use acme"},
	{"certificates to try with", one("tls", `{"email": "lab@example.org", "staging": true}`), "lablink:tls.staging", "neither browsers nor machines accept", "remove it"},
	{"no protection", one("protection", "false"), "lablink:protection", "is off", "remove it"},
	{"a host's image that moves", config{"lablink:allocator": ""}, "lablink:allocator.ami", "is not pinned", "lablink image pin --host prod"},
	{"a pool's image that moves", pool(`"image": {"ssmParameter": "/x"}`), "lablink:pools[0].image", "is not pinned", "lablink image pin"},
	{"the images of a pipeline", pool(`"image": {"pipeline": "gpu"}`), "lablink:pools[0].image", "is not pinned", "lablink image pin"},
	{"an image of a desktop that moves", pool(`"desktop": "container", "container": "ghcr.io/lab/desktop:1.2"`), "lablink:pools[0].container", "is not pinned by its digest", "skopeo inspect"},
	{"an address that goes with the host", one("allocator", `{"ami": "ami-0123456789abcdef0", "address": "dynamic"}`), "lablink:allocator.address", "dns.domain points at it", "survives the host"},
	{"a network that moves", config{"lablink:network": ""}, "lablink:network.zones", "would move when AWS offers an instance type in another zone", "the host's first; aws ec2 describe-instance-type-offerings"},
	{"no backups", one("database", `{"backupDays": 0}`), "lablink:database.backupDays", "production keeps backups", "set 1 to 35"},
}
