package watch

import (
	"errors"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/budgets"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// Budget tells when a month costs more than was meant.
type Budget struct {
	pulumi.ResourceState
}

// BudgetArgs says how much, and who is told.
type BudgetArgs struct {
	Namer naming.Namer
	// MonthlyUSD is what a month may cost, in US dollars. Required.
	MonthlyUSD int
	// Emails are told, one to ten. Required.
	Emails []string
	// WholeAccount counts everything in the account. Left out, only what carries
	// the deployment's tag counts, which must be activated as a cost allocation tag.
	WholeAccount bool
}

// NewBudget declares the budget.
func NewBudget(ctx *pulumi.Context, name string, args *BudgetArgs, opts ...pulumi.ResourceOption) (*Budget, error) {
	if args == nil || args.MonthlyUSD <= 0 || len(args.Emails) == 0 {
		return nil, errors.New("watch: MonthlyUSD and Emails are required")
	}
	b := &Budget{}
	if err := ctx.RegisterComponentResource("lablink:watch:Budget", name, b, opts...); err != nil {
		return nil, err
	}
	n := args.Namer
	budgetName := n.IAM("budget", naming.MaxBudget) // budgets know no Regions either
	settings := &budgets.BudgetArgs{
		Name: pulumi.String(budgetName), BudgetType: pulumi.String("COST"), TimeUnit: pulumi.String("MONTHLY"),
		LimitAmount: pulumi.String(strconv.Itoa(args.MonthlyUSD)), LimitUnit: pulumi.String("USD"),
		Notifications: notifications(args.Emails), Tags: n.Tags(component, budgetName),
	}
	if !args.WholeAccount {
		settings.CostFilters = budgets.BudgetCostFilterArray{budgets.BudgetCostFilterArgs{
			Name: pulumi.String("TagKeyValue"), Values: pulumi.ToStringArray([]string{"user:" + naming.TagDeployment + "$" + n.Deployment}),
		}}
	}
	if _, err := budgets.NewBudget(ctx, name+"-budget", settings, pulumi.Parent(b)); err != nil {
		return nil, err
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}

// notifications tell of half, of most and of all of it, and when AWS foresees
// all of it.
func notifications(emails []string) budgets.BudgetNotificationArray {
	var out budgets.BudgetNotificationArray
	for _, at := range []struct {
		percent float64
		kind    string
	}{{50, "ACTUAL"}, {80, "ACTUAL"}, {100, "ACTUAL"}, {100, "FORECASTED"}} {
		out = append(out, budgets.BudgetNotificationArgs{
			ComparisonOperator: pulumi.String("GREATER_THAN"), Threshold: pulumi.Float64(at.percent), ThresholdType: pulumi.String("PERCENTAGE"),
			NotificationType: pulumi.String(at.kind), SubscriberEmailAddresses: pulumi.ToStringArray(emails),
		})
	}
	return out
}
