package dns

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ByHand says in the plan which record somebody has to make, as NewDns would. The
// value is said too once it is known; before that the stack's output holds it.
func ByHand(ctx *pulumi.Context, args *DnsArgs) error {
	kind, target, proxied := "A", args.Target.Address, ""
	if args.Target.Name != nil {
		kind, target = "CNAME", args.Target.Name
	}
	if args.Proxied {
		proxied = ", proxied"
	}
	record := fmt.Sprintf("no record is made for the allocator: make this one by hand: type %s, name %s, value", kind, args.Domain)
	if err := ctx.Log.Info(record+" as in the output publicAddress"+proxied, nil); err != nil {
		return err
	}
	target.ToStringOutput().ApplyT(func(value string) (string, error) {
		return value, ctx.Log.Info(record+" "+value+proxied, nil)
	})
	return nil
}
