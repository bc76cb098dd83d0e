package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The VPC and the subnet in which Terraform's deployment stands.
const oldVPC, oldSubnet = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0"

// terraforms is Terraform, or OpenTofu, as far as moving a deployment calls it: a
// folder with a state in Terraform's form, and what that means in the account, which
// a stack of its own holds. Resources are called as Terraform calls them.
type terraforms struct {
	dir   string
	stack auto.Stack
}

// actAsTerraform does what a command line of Terraform's says.
func actAsTerraform(ctx context.Context, args []string) error {
	dir, ok := strings.CutPrefix(args[0], "-chdir=")
	if !ok {
		return fmt.Errorf("there is no -chdir in %q", args)
	}
	t, err := openTerraform(ctx, dir)
	if err != nil {
		return err
	}
	switch line := strings.Join(args[1:], " "); {
	case line == "apply":
		return t.begin(ctx)
	case line == "plan -detailed-exitcode":
		_, err := t.stack.Refresh(ctx, optrefresh.ExpectNoChanges())
		return err
	case line == "state pull":
		raw, err := os.ReadFile(t.file("terraform.tfstate"))
		fmt.Print(string(raw))
		return err
	case strings.HasPrefix(line, "state rm ") && len(args) == 4:
		return t.forget(ctx, args[3])
	case strings.HasPrefix(line, "state push -force "):
		return t.remember(ctx, args[4])
	case strings.HasPrefix(line, "plan -destroy -refresh=false -var "):
		resources, err := t.resources()
		fmt.Printf("Plan: 0 to add, 0 to change, %d to destroy.\n", len(resources))
		return err
	case line == "apply leaving.tfplan":
		_, err := t.stack.Destroy(ctx, optdestroy.ProgressStreams(os.Stdout))
		return err
	case strings.HasPrefix(line, "plan -var ") && strings.HasSuffix(line, "-out=back.tfplan"):
		_, err := t.stack.Refresh(ctx, optrefresh.ProgressStreams(os.Stdout))
		return err
	case line == "apply back.tfplan":
		_, err := t.stack.Up(ctx, optup.ProgressStreams(os.Stdout))
		return err
	default:
		return fmt.Errorf("no step of a move calls %q", line)
	}
}

// openTerraform opens the deployment in a folder.
func openTerraform(ctx context.Context, dir string) (*terraforms, error) {
	t := &terraforms{dir: dir}
	var err error
	t.stack, err = auto.UpsertStackInlineSource(ctx, "old", "terraform", t.declare)
	return t, err
}

// begin deploys all of it, and keeps what it is called in the account.
func (t *terraforms) begin(ctx context.Context) error {
	result, err := t.stack.Up(ctx)
	if err != nil {
		return err
	}
	known, err := t.stack.Export(ctx)
	if err != nil {
		return err
	}
	ids := map[string]any{}
	for name, value := range result.Outputs {
		ids[name] = value.Value
	}
	return errors.Join(t.write("known.json", known), t.write("outputs.json", ids))
}

func (t *terraforms) write(name string, what any) error {
	raw, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return os.WriteFile(t.file(name), raw, 0o600)
}

func (t *terraforms) file(name string) string { return filepath.Join(t.dir, name) }

// declare is the deployment: its host, its address and its record. An address that
// was made by hand stays when all else is destroyed.
func (t *terraforms) declare(ctx *pulumi.Context) error {
	byHand, err := os.ReadFile(t.file("address-by-hand"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	tags := pulumi.StringMap{"Name": pulumi.String("pose-lab-eip-prod"), "Environment": pulumi.String("prod")}
	address, err := ec2.NewEip(ctx, "aws_eip.new", &ec2.EipArgs{Domain: pulumi.String("vpc"), Tags: tags}, pulumi.RetainOnDelete(byHand != nil))
	if err != nil {
		return err
	}
	role, err := iam.NewRole(ctx, "aws_iam_role.instance_role", &iam.RoleArgs{
		Name:             pulumi.String("pose-lab-allocator-role-prod"),
		AssumeRolePolicy: pulumi.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`),
	})
	if err != nil {
		return err
	}
	profile, err := iam.NewInstanceProfile(ctx, "aws_iam_instance_profile.allocator_instance_profile", &iam.InstanceProfileArgs{
		Name: pulumi.String("pose-lab-allocator-profile-prod"), Role: role.Name,
	})
	if err != nil {
		return err
	}
	group, err := ec2.NewSecurityGroup(ctx, "aws_security_group.allow_http", &ec2.SecurityGroupArgs{
		Name: pulumi.String("pose-lab-allocator-sg-prod"), VpcId: pulumi.String(oldVPC),
	})
	if err != nil {
		return err
	}
	host, err := ec2.NewInstance(ctx, "aws_instance.lablink_allocator_server", &ec2.InstanceArgs{
		Ami: pulumi.String("ami-051700000000000a1"), InstanceType: pulumi.String("sim.small"), SubnetId: pulumi.String(oldSubnet),
		IamInstanceProfile: profile.Name, VpcSecurityGroupIds: pulumi.StringArray{group.ID()}, Tags: pulumi.StringMap{"Name": pulumi.String("pose-lab-allocator-prod")},
	})
	if err != nil {
		return err
	}
	if _, err := ec2.NewEipAssociation(ctx, "aws_eip_association.lablink_allocator_ip_assoc", &ec2.EipAssociationArgs{AllocationId: address.ID(), InstanceId: host.ID()}); err != nil {
		return err
	}
	zone, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef("example.org")})
	if err != nil {
		return err
	}
	record, err := route53.NewRecord(ctx, "aws_route53_record.lablink_a_record", &route53.RecordArgs{
		ZoneId: pulumi.String(zone.ZoneId), Name: pulumi.String("lab.example.org"), Type: pulumi.String("A"), Ttl: pulumi.Int(300), Records: pulumi.StringArray{address.PublicIp},
	})
	for name, value := range map[string]pulumi.StringInput{"address": address.ID(), "ip": address.PublicIp, "host": host.ID(), "record": record.ID(), "zone": pulumi.String(zone.ZoneId)} {
		ctx.Export(name, value)
	}
	return err
}

// resources are those that Terraform's state manages.
func (t *terraforms) resources() ([]any, error) {
	_, all, err := t.state()
	return slices.DeleteFunc(all, func(r any) bool { return r.(map[string]any)["mode"] != "managed" }), err
}

func (t *terraforms) state() (state map[string]any, resources []any, err error) {
	raw, err := os.ReadFile(t.file("terraform.tfstate"))
	if err == nil {
		err = json.Unmarshal(raw, &state)
	}
	resources, _ = state["resources"].([]any)
	return state, resources, err
}

// forget takes a resource out of Terraform's state, and out of what it may destroy.
func (t *terraforms) forget(ctx context.Context, address string) error {
	block, _, _ := strings.Cut(address, "[")
	state, resources, err := t.state()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(resources), func(r any) bool {
		one := r.(map[string]any)
		return one["mode"] == "managed" && fmt.Sprint(one["type"], ".", one["name"]) == block
	})
	if len(left) == len(resources) {
		return fmt.Errorf("Terraform does not know %s", address)
	}
	state["resources"], state["serial"] = left, state["serial"].(float64)+1
	raw, err := json.Marshal(state)
	if err == nil {
		err = os.WriteFile(t.file("terraform.tfstate"), raw, 0o600)
	}
	if err != nil {
		return err
	}
	return t.edit(ctx, func(r apitype.ResourceV3) bool { return r.URN.Name() == block })
}

// edit takes resources out of the stack's state.
func (t *terraforms) edit(ctx context.Context, gone func(apitype.ResourceV3) bool) error {
	state, err := t.stack.Export(ctx)
	if err != nil {
		return err
	}
	var deployment apitype.DeploymentV3
	if err := json.Unmarshal(state.Deployment, &deployment); err != nil {
		return err
	}
	deployment.Resources = slices.DeleteFunc(deployment.Resources, gone)
	if state.Deployment, err = json.Marshal(deployment); err != nil {
		return err
	}
	return t.stack.Import(ctx, state)
}

// remember puts a backup back.
func (t *terraforms) remember(ctx context.Context, backup string) error {
	raw, err := os.ReadFile(backup)
	if err != nil {
		return err
	}
	known, err := os.ReadFile(t.file("known.json"))
	if err != nil {
		return err
	}
	var state apitype.UntypedDeployment
	if err := json.Unmarshal(known, &state); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(t.file("terraform.tfstate"), raw, 0o600), t.stack.Import(ctx, state))
}
