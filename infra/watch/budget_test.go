package watch_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/infra/watch"
)

func budget(args *watch.BudgetArgs) (*recording.Recording, error) {
	return recording.Run("test", account, func(ctx *pulumi.Context) error {
		_, err := watch.NewBudget(ctx, "budget", args)
		return err
	})
}

func TestABudgetTellsOnTheWayAndBeforehand(t *testing.T) {
	r, err := budget(&watch.BudgetArgs{Namer: lab, MonthlyUSD: 250, Emails: []string{"lab@example.org"}})
	require.NoError(t, err)
	b := r.Named("budget-budget")
	assert.Equal(t, []string{"COST", "MONTHLY", "250", "USD"}, []string{b.Text("budgetType"), b.Text("timeUnit"), b.Text("limitAmount"), b.Text("limitUnit")})
	var told []any
	for _, n := range b.Get("notifications").([]any) {
		n := n.(map[string]any)
		told = append(told, n["threshold"], n["notificationType"])
		assert.Equal(t, "GREATER_THAN PERCENTAGE", n["comparisonOperator"].(string)+" "+n["thresholdType"].(string))
		assert.Equal(t, []any{"lab@example.org"}, n["subscriberEmailAddresses"])
	}
	assert.Equal(t, []any{50.0, "ACTUAL", 80.0, "ACTUAL", 100.0, "ACTUAL", 100.0, "FORECASTED"}, told)
}

func TestABudgetCountsItsDeploymentOrTheWholeAccount(t *testing.T) {
	for whole, want := range map[bool]any{
		false: []any{map[string]any{"name": "TagKeyValue", "values": []any{"user:lablink:deployment$lablink"}}},
		true:  nil,
	} {
		r, err := budget(&watch.BudgetArgs{Namer: lab, MonthlyUSD: 1, Emails: []string{"lab@example.org"}, WholeAccount: whole})
		require.NoError(t, err)
		assert.Equal(t, want, r.Named("budget-budget").Get("costFilters"), "the whole account: %v", whole)
	}
}

func TestABudgetThatTellsNobodyIsRefused(t *testing.T) {
	for why, args := range map[string]*watch.BudgetArgs{
		"nothing": nil, "no limit": {Namer: lab, Emails: []string{"a@example.org"}}, "nobody": {Namer: lab, MonthlyUSD: 1},
	} {
		r, err := budget(args)
		assert.ErrorContains(t, err, "MonthlyUSD and Emails are required", why)
		assert.Empty(t, r.Names(), why)
	}
}
