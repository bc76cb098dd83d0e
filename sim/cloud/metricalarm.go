package cloud

import (
	"cmp"
	"regexp"
	"slices"
)

// MetricAlarm is aws:cloudwatch/metricAlarm:MetricAlarm, on one metric. It is a
// record: nothing here measures.
type MetricAlarm struct {
	ID                 string            `json:"id"` // its name
	Name               string            `json:"name"`
	AlarmDescription   string            `json:"alarmDescription,omitempty"`
	Namespace          string            `json:"namespace"`
	MetricName         string            `json:"metricName"`
	Dimensions         map[string]string `json:"dimensions,omitempty"`
	Statistic          string            `json:"statistic"`
	Period             int               `json:"period"` // seconds
	EvaluationPeriods  int               `json:"evaluationPeriods"`
	ComparisonOperator string            `json:"comparisonOperator"`
	Threshold          *float64          `json:"threshold"`
	TreatMissingData   string            `json:"treatMissingData"`
	AlarmActions       []string          `json:"alarmActions,omitempty"`
	OKActions          []string          `json:"okActions,omitempty"`
	Tagged
	alarmComputed
}

type alarmComputed struct {
	ARN string `json:"arn"`
}

var (
	alarmStatistics  = []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
	alarmComparisons = []string{"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"}
	alarmSilence     = []string{"breaching", "notBreaching", "ignore", "missing"}

	ec2Action   = regexp.MustCompile(`^arn:aws:automate:([a-z0-9-]+):ec2:(stop|terminate|reboot|recover)$`)
	topicAction = regexp.MustCompile(`^arn:aws:sns:([a-z0-9-]+):[0-9]{12}:[0-9A-Za-z_-]+$`)
)

// PutMetricAlarm makes an alarm, or overwrites the one of that name.
func (a *Account) PutMetricAlarm(x *MetricAlarm) error {
	return a.change(func(m *model) error {
		if err := x.check(a); err != nil {
			return err
		}
		x.ID, x.ARN = x.Name, a.arn("cloudwatch", "alarm:"+x.Name)
		m.MetricAlarms.keep(x.ID, x)
		return nil
	})
}

func (x *MetricAlarm) check(a *Account) error {
	x.TreatMissingData = cmp.Or(x.TreatMissingData, "missing")
	switch {
	case x.Name == "" || len(x.Name) > 255:
		return refuse("ValidationError", "The name of an alarm has 1 to 255 characters")
	case len(x.AlarmDescription) > 1024:
		return refuse("ValidationError", "The description of alarm %s is longer than 1024 characters", x.Name)
	case x.Namespace == "" || x.MetricName == "" || x.Threshold == nil:
		return refuse("ValidationError", "Namespace, metric and threshold are required for an alarm on a metric")
	case !slices.Contains(alarmStatistics, x.Statistic):
		return refuse("ValidationError", "One of `statistic` or `extended_statistic` must be set for a cloudwatch metric alarm")
	case !slices.Contains(alarmComparisons, x.ComparisonOperator):
		return refuse("ValidationError", "Value '%s' at 'comparisonOperator' failed to satisfy constraint", x.ComparisonOperator)
	case !slices.Contains(alarmSilence, x.TreatMissingData):
		return refuse("ValidationError", "Value '%s' at 'treatMissingData' failed to satisfy constraint", x.TreatMissingData)
	case x.Period != 10 && x.Period != 30 && (x.Period < 60 || x.Period%60 != 0):
		return refuse("ValidationError", "The period must be 10, 30 or a multiple of 60 seconds, not %d", x.Period)
	case x.EvaluationPeriods < 1 || x.Period*x.EvaluationPeriods > 86_400:
		return refuse("ValidationError", "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).")
	case len(x.Dimensions) > 30 || len(x.AlarmActions) > 5 || len(x.OKActions) > 5:
		return refuse("ValidationError", "An alarm has 30 dimensions and 5 actions at most")
	}
	for _, action := range slices.Concat(x.AlarmActions, x.OKActions) {
		if err := x.checkAction(a, action); err != nil {
			return err
		}
	}
	return x.settle()
}

// checkAction knows topics, and what EC2 does to an instance. Whether a topic
// exists is not looked at.
func (x *MetricAlarm) checkAction(a *Account, action string) error {
	topic, ec2 := topicAction.FindStringSubmatch(action), ec2Action.FindStringSubmatch(action)
	switch {
	case topic == nil && ec2 == nil:
		return refuse("ValidationError", "Invalid arn syntax: %s", action)
	case topic != nil && topic[1] != a.opts.Region, ec2 != nil && ec2[1] != a.opts.Region:
		return refuse("ValidationError", "Invalid region in ARN %s. Only %s is supported.", action, a.opts.Region)
	case ec2 != nil && (x.Namespace != "AWS/EC2" || x.Dimensions["InstanceId"] == ""):
		return refuse("ValidationError", "EC2 actions are for alarms on metrics of an instance")
	case ec2 != nil && ec2[2] == "recover" && x.MetricName != "StatusCheckFailed_System":
		return refuse("ValidationError", "The recover action is supported with StatusCheckFailed_System only")
	}
	return nil
}

// MetricAlarm returns one alarm.
func (a *Account) MetricAlarm(name string) (*MetricAlarm, error) { return metricAlarms.lookup(a, name) }

// UpdateMetricAlarm changes everything but the name.
func (a *Account) UpdateMetricAlarm(name string, x *MetricAlarm) error {
	return metricAlarms.update(a, name, x, func(_ *model, cur *MetricAlarm) error {
		x.ID, x.Name, x.alarmComputed = cur.ID, cur.Name, cur.alarmComputed
		return x.check(a)
	})
}

// DeleteMetricAlarm removes an alarm.
func (a *Account) DeleteMetricAlarm(name string) error { return metricAlarms.remove(a, name, nil) }
