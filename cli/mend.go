package cli

import (
	"cmp"
	"strings"
)

// mends say what to do about a certificate, by what is wrong and by tls.mode; "" is
// any other mode. NAME and ADDRESS stand for the stack's.
var mends = map[reason]map[string]string{
	otherName: {
		"":           "look where the name leads: somebody else answers there, or --url is not the stack's",
		"acm":        "look where the name leads, and whether tls.certificateArn is of a certificate for NAME",
		"cloudflare": "look at SSL/TLS, Edge Certificates at Cloudflare: its Universal SSL is for the zone's name and one label before it, and a longer name needs an advanced certificate",
	},
	untrusted: {
		"":           "look where the name leads, and whether something on the way reads the connection and shows certificates of its own",
		"staging":    "tls.staging is on, whose certificates nobody trusts: take it out and call pulumi up",
		"cloudflare": "if it is Cloudflare's origin certificate, the name leads past Cloudflare: let Cloudflare proxy the record",
	},
	outOfTime: {
		"":           "look at this computer's clock, and at http://ADDRESS/readyz and the allocator's log for why it was not renewed",
		"acm":        "look at this computer's clock, and at the certificate in AWS's console: ACM renews what is validated by a record that is still there",
		"cloudflare": "look at this computer's clock, and at SSL/TLS, Edge Certificates at Cloudflare",
	},
	noneShown: {
		"":           "look at http://ADDRESS/readyz and the allocator's log: the allocator asks for one as soon as its name leads to it",
		"acm":        "look at the load balancer's listener on port 443, and whether pulumi up ended well",
		"cloudflare": "look at SSL/TLS, Edge Certificates at Cloudflare: a new zone waits for its certificate up to a day, and Universal SSL is for the zone's name and one label before it only",
	},
	ending: {
		"":           "look at the allocator's log for why the authority does not renew it: port 80 must be open for everybody, or tls.challenge be dns",
		"acm":        "look at the certificate in AWS's console: ACM renews what is validated by a record that is still there",
		"cloudflare": "look at SSL/TLS, Edge Certificates at Cloudflare, which renews it",
	},
}

// mend says what to do.
func (w expected) mend(why reason) string {
	mode := w.TLS.Mode
	if w.TLS.Staging {
		mode = "staging"
	}
	text, ok := mends[why][mode]
	if !ok {
		text = mends[why][""]
	}
	return strings.NewReplacer("NAME", cmp.Or(w.Host, "the name"), "ADDRESS", cmp.Or(w.Address, "ADDRESS")).Replace(text)
}
