package cloud

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Budget is aws:budgets/budget:Budget, on costs. It is a record: nothing here
// costs anything.
type Budget struct {
	ID              string               `json:"id"` // account:name
	Name            string               `json:"name"`
	BudgetType      string               `json:"budgetType"`
	TimeUnit        string               `json:"timeUnit"`
	LimitAmount     string               `json:"limitAmount"`
	LimitUnit       string               `json:"limitUnit"`
	CostFilters     []BudgetCostFilter   `json:"costFilters,omitempty"`
	Notifications   []BudgetNotification `json:"notifications,omitempty"`
	TimePeriodStart string               `json:"timePeriodStart"`
	TimePeriodEnd   string               `json:"timePeriodEnd"`
	Tagged
	budgetComputed
}

// BudgetCostFilter says which costs count.
type BudgetCostFilter struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// BudgetNotification says who is told when.
type BudgetNotification struct {
	ComparisonOperator       string   `json:"comparisonOperator"`
	Threshold                float64  `json:"threshold"`
	ThresholdType            string   `json:"thresholdType"`
	NotificationType         string   `json:"notificationType"`
	SubscriberEmailAddresses []string `json:"subscriberEmailAddresses"`
}

type budgetComputed struct {
	ARN string `json:"arn"`
}

const (
	budgetTime    = "2006-01-02_15:04"
	budgetForever = "2087-06-15_00:00"
)

// budgetFilters are the dimensions that are known here.
var budgetFilters = []string{"TagKeyValue", "Service", "Region", "LinkedAccount"}

var budgetTag = regexp.MustCompile(`^(user|aws):[^$]+\$.*$`)

// CreateBudget makes a budget; its name is unique in the account, in all Regions.
func (a *Account) CreateBudget(b *Budget) error {
	return a.change(func(m *model) error {
		id := a.opts.AccountID + ":" + b.Name
		if m.Budgets[id] != nil {
			return refuse("DuplicateRecordException", "Error creating budget: %s - the budget already exists.", b.Name)
		}
		now := a.now()
		b.TimePeriodStart = cmp.Or(b.TimePeriodStart, time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).Format(budgetTime))
		if err := b.check(); err != nil {
			return err
		}
		b.ID, b.ARN = id, "arn:aws:budgets::"+a.opts.AccountID+":budget/"+b.Name
		m.Budgets.keep(b.ID, b)
		return nil
	})
}

func (b *Budget) check() error {
	b.TimePeriodEnd = cmp.Or(b.TimePeriodEnd, budgetForever)
	limit, amount := strconv.ParseFloat(b.LimitAmount, 64)
	start, wrongStart := time.Parse(budgetTime, b.TimePeriodStart)
	end, wrongEnd := time.Parse(budgetTime, b.TimePeriodEnd)
	switch {
	case b.Name == "" || len(b.Name) > 100 || strings.ContainsAny(b.Name, `:\`) || strings.Contains(b.Name, "/action/"):
		return refuse("InvalidParameterException", "Value '%s' at 'budget.budgetName' failed to satisfy constraint", b.Name)
	case b.BudgetType != "COST":
		return refuse("InvalidParameterException", "The simulator models budgets of type COST, not %q.", b.BudgetType)
	case !slices.Contains([]string{"DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY"}, b.TimeUnit):
		return refuse("InvalidParameterException", "Value '%s' at 'budget.timeUnit' failed to satisfy constraint", b.TimeUnit)
	case amount != nil || limit <= 0 || b.LimitUnit != "USD":
		return refuse("InvalidParameterException", "A budget of costs needs a limit in USD, not %q of %q", b.LimitAmount, b.LimitUnit)
	case wrongStart != nil || wrongEnd != nil || !end.After(start):
		return refuse("InvalidParameterException", "Invalid time period from %q to %q", b.TimePeriodStart, b.TimePeriodEnd)
	case len(b.Notifications) > 10:
		return refuse("CreationLimitExceededException", "A budget has 10 notifications at most")
	}
	for _, f := range b.CostFilters {
		if !slices.Contains(budgetFilters, f.Name) || len(f.Values) == 0 {
			return refuse("InvalidParameterException", "Invalid cost filter %s %v", f.Name, f.Values)
		}
		if f.Name == "TagKeyValue" && slices.ContainsFunc(f.Values, func(v string) bool { return !budgetTag.MatchString(v) }) {
			return refuse("InvalidParameterException", "Tag filters are written user:key$value, not %v", f.Values)
		}
	}
	if err := b.checkNotifications(); err != nil {
		return err
	}
	return b.settle()
}

func (b *Budget) checkNotifications() error {
	seen := map[string]bool{}
	for _, n := range b.Notifications {
		key := fmt.Sprint(n.NotificationType, n.ComparisonOperator, n.Threshold, n.ThresholdType)
		switch {
		case !slices.Contains([]string{"GREATER_THAN", "LESS_THAN", "EQUAL_TO"}, n.ComparisonOperator),
			n.ThresholdType != "PERCENTAGE" && n.ThresholdType != "ABSOLUTE_VALUE",
			n.NotificationType != "ACTUAL" && n.NotificationType != "FORECASTED":
			return refuse("InvalidParameterException", "Invalid notification %+v", n)
		case n.Threshold < 0 || n.ThresholdType == "PERCENTAGE" && n.Threshold > 1_000_000:
			return refuse("InvalidParameterException", "Invalid threshold %v", n.Threshold)
		case len(n.SubscriberEmailAddresses) == 0 || len(n.SubscriberEmailAddresses) > 10:
			return refuse("InvalidParameterException", "A notification has 1 to 10 subscribers by e-mail, not %d", len(n.SubscriberEmailAddresses))
		case seen[key]:
			return refuse("DuplicateRecordException", "Duplicate notification: %s", key)
		}
		seen[key] = true
	}
	return nil
}

// Budget returns one budget.
func (a *Account) Budget(id string) (*Budget, error) { return budgets.lookup(a, id) }

// UpdateBudget changes everything but the name.
func (a *Account) UpdateBudget(id string, b *Budget) error {
	return budgets.update(a, id, b, func(_ *model, cur *Budget) error {
		b.ID, b.Name, b.budgetComputed = cur.ID, cur.Name, cur.budgetComputed
		b.TimePeriodStart = cmp.Or(b.TimePeriodStart, cur.TimePeriodStart)
		return b.check()
	})
}

// DeleteBudget removes a budget.
func (a *Account) DeleteBudget(id string) error { return budgets.remove(a, id, nil) }
